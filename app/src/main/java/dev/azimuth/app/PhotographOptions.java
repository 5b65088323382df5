package dev.azimuth.app;

import dev.azimuth.diffusion.PoseEncoding;
import dev.azimuth.views.Image;
import dev.azimuth.views.Preprocess;
import dev.azimuth.views.RelativePose;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The input view, and how it becomes what a model takes. */
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class PhotographOptions {
  @Option(names = "--image", required = true, paramLabel = "F", description = "The input view.")
  private Path image;

  @Option(
      names = "--mask",
      paramLabel = "F",
      description = "A picture of the same size, white where the object is.")
  private @Nullable Path mask;

  @Option(
      names = "--preprocess",
      defaultValue = "composite",
      paramLabel = "composite|hard-edge|crop",
      description =
          "Lay it on white by its transparency; lay what isn't fully transparent on white; or crop"
              + " the object and centre it on white (default: ${DEFAULT-VALUE}).")
  private Preprocess preprocess;

  @Option(
      names = "--input-elevation",
      paramLabel = "D",
      description =
          "Degrees that the input view's camera stands above the object, for Stable Zero123.")
  private @Nullable Double inputElevation;

  /** The input view's name. */
  String name() {
    return String.valueOf(image.getFileName());
  }

  /**
   * The input view [size, size, 3] in [-1, 1].
   *
   * @throws IOException naming the file and the reason if it isn't a picture
   */
  float[] condition(int size) throws IOException {
    Image photograph = Image.read(image);
    try {
      Image object = mask == null ? photograph : photograph.masked(Image.read(mask));
      return preprocess.apply(object, size).toSignedRgb();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          image + ": --preprocess " + preprocess + ": " + e.getMessage(), e);
    }
  }

  /** A move as the model's four numbers; the input view's elevation goes with the model. */
  double[] pose(PoseEncoding encoding, RelativePose move) {
    return switch (encoding) {
      case ZERO123 -> {
        if (inputElevation != null) {
          throw new IllegalArgumentException(
              "--input-elevation: this model doesn't take it; Stable Zero123 does (--pose "
                  + PoseEncoding.STABLE_ZERO123
                  + ")");
        }
        yield Poses.vector(encoding, move, 0);
      }
      case STABLE_ZERO123 -> {
        if (inputElevation == null) {
          throw new IllegalArgumentException(
              "--input-elevation: this model needs it; 0 is level with the object, 90 above it");
        }
        double polar = Math.toRadians(90 - Arguments.finite("--input-elevation", inputElevation));
        yield Poses.vector(encoding, move, polar);
      }
    };
  }
}
