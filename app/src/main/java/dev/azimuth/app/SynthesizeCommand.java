package dev.azimuth.app;

import dev.azimuth.diffusion.Zero123;
import dev.azimuth.tensor.Backend;
import dev.azimuth.views.Image;
import dev.azimuth.views.RelativePose;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One picture, or several, to one new view. */
@Command(
    name = "synthesize",
    description = "The object of one picture, or several, seen from a new camera.")
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class SynthesizeCommand implements Callable<Integer> {
  private static final int MOST_SAMPLES = 1000;

  @Mixin private PhotographOptions photograph;

  @Option(
      names = "--elevation",
      defaultValue = "0",
      paramLabel = "D",
      description = "Degrees that the camera moves up (default: ${DEFAULT-VALUE}).")
  private double elevation;

  @Option(
      names = "--azimuth",
      defaultValue = "0",
      paramLabel = "D",
      description = "Degrees that the camera moves to its right (default: ${DEFAULT-VALUE}).")
  private double azimuth;

  @Option(
      names = "--radius",
      defaultValue = "0",
      paramLabel = "R",
      description = "How far the camera moves away (default: ${DEFAULT-VALUE}).")
  private double radius;

  @Option(
      names = "--samples",
      defaultValue = "1",
      description = "Samples, side by side in the result (default: ${DEFAULT-VALUE}).")
  private int samples;

  @Option(names = "--out", required = true, paramLabel = "F.png", description = "The new view.")
  private Path out;

  @Mixin private ModelOptions options;
  @Mixin private ComputeOptions compute;

  @Override
  public Integer call() throws Exception {
    Arguments.within("--samples", samples, 1, MOST_SAMPLES);
    RelativePose move =
        RelativePose.ofDegrees(
            Arguments.finite("--elevation", elevation),
            Arguments.finite("--azimuth", azimuth),
            Arguments.finite("--radius", radius));
    Arguments.requireWritable(out);
    try (Backend backend = compute.open()) {
      Zero123 model = options.open(backend);
      ViewSynthesis synthesis = new ViewSynthesis(model, options.sampling(model));
      List<float[]> conditions = photograph.conditions(model.config().imageSize());
      List<double[]> poses = photograph.poses(model.config().pose(), move);
      List<ViewSynthesis.Request> requests = new ArrayList<>();
      for (int i = 0; i < samples; i++) {
        requests.add(new ViewSynthesis.Request(conditions, poses, options.seed(i)));
      }
      sideBySide(synthesis.run(requests)).writePng(out);
    }
    return 0;
  }

  private static Image sideBySide(List<Image> pictures) {
    int width = pictures.get(0).width();
    int height = pictures.get(0).height();
    int all = width * pictures.size();
    float[] rgba = new float[all * height * 4];
    for (int i = 0; i < pictures.size(); i++) {
      for (int y = 0; y < height; y++) {
        System.arraycopy(
            pictures.get(i).rgba(), y * width * 4, rgba, (y * all + i * width) * 4, width * 4);
      }
    }
    return new Image(all, height, rgba);
  }
}
