package dev.azimuth.views;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Small data sets on disk. */
final class Datasets {
  static final RenderSettings SETTINGS = new RenderSettings(3, 12, 2, 9, 2);

  private Datasets() {}

  static MeshAsset asset(String uid, String creator, MeshAsset.Loader loader) {
    return new MeshAsset(uid, uid, creator, "CC0", "things", uid + ".obj", loader);
  }

  static MeshAsset ball(String uid) {
    return asset(uid, "author of " + uid, () -> Mesh.ofTriangles(SphereMesh.positions(0.5, 12, 6)));
  }

  /** Renders balls of these names. */
  static void render(Path folder, String... uids) throws IOException, InterruptedException {
    List<MeshAsset> assets = Arrays.stream(uids).map(Datasets::ball).toList();
    new ViewRenderer(SETTINGS).render(assets, folder, RenderProgress.NONE);
  }
}
