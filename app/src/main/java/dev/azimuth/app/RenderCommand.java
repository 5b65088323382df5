package dev.azimuth.app;

import dev.azimuth.views.CameraRig;
import dev.azimuth.views.MeshAsset;
import dev.azimuth.views.ObjectReport;
import dev.azimuth.views.RenderSettings;
import dev.azimuth.views.ViewRenderer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Meshes to a data set. */
@Command(
    name = "render",
    description = "Ray-trace meshes into a data set of views in the published layout; resumable.")
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class RenderCommand implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "MESH",
      description = "Files (.obj, .glb, .sh3f) or folders of them.")
  private List<Path> meshes;

  @Option(
      names = "--views",
      defaultValue = "12",
      paramLabel = "N",
      description = "Views of each object (default: ${DEFAULT-VALUE}).")
  private int views;

  @Option(
      names = "--size",
      defaultValue = "256",
      paramLabel = "PIXELS",
      description = "Height and width (default: ${DEFAULT-VALUE}).")
  private int size;

  @Option(
      names = "--samples",
      defaultValue = "64",
      paramLabel = "N",
      description = "Rays per pixel (default: ${DEFAULT-VALUE}).")
  private int samples;

  @Option(names = "--seed", defaultValue = "0", description = "Seed (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads; the pictures don't depend on it (default: all cores).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "UID",
      description = "Render only these objects; an object's uid is its folder's name.")
  private List<String> only = List.of();

  @ArgGroup(exclusive = false)
  private @Nullable Orbit orbit;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "The data set.")
  private Path out;

  /** The turn that {@code --orbit} asks for. */
  private static final class Orbit {
    @Option(
        names = "--orbit",
        required = true,
        description = "Cameras evenly around the object instead of the published random ones.")
    private boolean isAsked;

    @Option(
        names = "--elevation",
        defaultValue = "20",
        paramLabel = "DEGREES",
        description = "Of an orbit above the horizon (default: ${DEFAULT-VALUE}).")
    private double elevation;

    @Option(
        names = "--radius",
        defaultValue = "1.8",
        paramLabel = "R",
        description =
            "Of an orbit; the object lies in a cube of side 1 (default: ${DEFAULT-VALUE}).")
    private double radius;

    @Option(
        names = "--start",
        defaultValue = "0",
        paramLabel = "DEGREES",
        description = "Azimuth of an orbit's first camera (default: ${DEFAULT-VALUE}).")
    private double start;
  }

  @Override
  public Integer call() throws Exception {
    Arguments.within("--threads", threads, 1, Arguments.MOST_THREADS);
    Arguments.requireWritableFolder(out);
    RenderSettings settings = new RenderSettings(views, size, samples, seed, threads, rig());
    List<MeshAsset> assets = chosen(MeshAsset.find(meshes));
    if (assets.isEmpty()) {
      throw new IOException("render: no .obj, .glb or .sh3f file in " + meshes);
    }
    List<ObjectReport> reports;
    try (Progress progress = new Progress("rendering", assets.size())) {
      reports = new ViewRenderer(settings).render(assets, out, (_, done, _) -> progress.to(done));
    }
    if (reports.size() == 1 && reports.get(0).outcome() == ObjectReport.Outcome.SKIPPED) {
      throw new IOException(String.join("; ", reports.get(0).findings()));
    }
    long usable = 0;
    for (ObjectReport report : reports) {
      report.findings().forEach(f -> System.err.println(report.uid() + ": " + f));
      boolean isUsable =
          switch (report.outcome()) {
            case RENDERED, KEPT -> true;
            case SKIPPED, BLANK_VIEWS -> false;
          };
      usable += isUsable ? 1 : 0;
    }
    System.out.printf("%s: %d of %d objects%n", out, usable, reports.size());
    if (usable == 0) {
      throw new IOException("render: no object could be used; see the findings above");
    }
    return 0;
  }

  private CameraRig rig() {
    return orbit == null || !orbit.isAsked
        ? CameraRig.PUBLISHED
        : new CameraRig.Orbit(orbit.elevation, orbit.radius, orbit.start);
  }

  private List<MeshAsset> chosen(List<MeshAsset> found) throws IOException {
    Set<String> unknown = new LinkedHashSet<>(only);
    found.forEach(asset -> unknown.remove(asset.uid()));
    if (!unknown.isEmpty()) {
      throw new IOException("--only: no object " + String.join(", ", unknown) + " in " + meshes);
    }
    return only.isEmpty()
        ? found
        : found.stream().filter(asset -> only.contains(asset.uid())).toList();
  }
}
