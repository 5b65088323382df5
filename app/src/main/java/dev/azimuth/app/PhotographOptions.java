package dev.azimuth.app;

import dev.azimuth.diffusion.PoseEncoding;
import dev.azimuth.views.Image;
import dev.azimuth.views.Preprocess;
import dev.azimuth.views.RelativePose;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The input views, and how they become what a model takes. */
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class PhotographOptions {
  @Option(names = "--image", required = true, paramLabel = "F", description = "The input view.")
  private Path image;

  @Option(
      names = "--view",
      paramLabel = "F,E,A,R",
      description =
          "A further input view, and by how many degrees its camera stands above and to the right"
              + " of --image's and how much farther away; repeatable. A model of one view sees them"
              + " one by one, and the noise it predicts is averaged.")
  private List<String> views = new ArrayList<>();

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

  /** A further input view and where its camera stands, as seen from the first one's. */
  private record Further(Path image, RelativePose position) {
    static Further parse(String text) {
      String[] parts = text.split(",");
      int numbers = parts.length - 3; // a file's name may hold commas
      if (numbers < 1) {
        throw new IllegalArgumentException(
            "--view: must be image,elevation,azimuth,radius, not " + text);
      }
      double[] position = new double[3];
      for (int i = 0; i < 3; i++) {
        try {
          position[i] = Arguments.finite("--view", Double.parseDouble(parts[numbers + i]));
        } catch (NumberFormatException e) {
          throw new IllegalArgumentException(
              "--view: %s is no number in %s".formatted(parts[numbers + i], text), e);
        }
      }
      String file = String.join(",", Arrays.copyOf(parts, numbers));
      return new Further(
          Path.of(file), RelativePose.ofDegrees(position[0], position[1], position[2]));
    }
  }

  private List<Further> further() {
    return views.stream().map(Further::parse).toList();
  }

  /**
   * The input views, each [size, size, 3] in [-1, 1].
   *
   * @throws IOException naming the file and the reason if one isn't a picture
   */
  List<float[]> conditions(int size) throws IOException {
    List<float[]> conditions = new ArrayList<>();
    conditions.add(condition(image, mask, size));
    for (Further view : further()) {
      conditions.add(condition(view.image, null, size));
    }
    return conditions;
  }

  private float[] condition(Path file, @Nullable Path itsMask, int size) throws IOException {
    Image photograph = Image.read(file);
    try {
      Image object = itsMask == null ? photograph : photograph.masked(Image.read(itsMask));
      return preprocess.apply(object, size).toSignedRgb();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          file + ": --preprocess " + preprocess + ": " + e.getMessage(), e);
    }
  }

  /**
   * The move to a new view from each input view, as the model's four numbers; an input view's
   * elevation goes with the model.
   *
   * @param move from the first input view
   */
  List<double[]> poses(PoseEncoding encoding, RelativePose move) {
    List<double[]> poses = new ArrayList<>();
    double polar = inputPolar(encoding);
    poses.add(Poses.vector(encoding, move, polar));
    for (Further view : further()) {
      RelativePose rest =
          new RelativePose(
              move.polar() - view.position.polar(),
              move.azimuth() - view.position.azimuth(),
              move.radius() - view.position.radius());
      poses.add(Poses.vector(encoding, rest, polar + view.position.polar()));
    }
    return poses;
  }

  private double inputPolar(PoseEncoding encoding) {
    return switch (encoding) {
      case ZERO123 -> {
        if (inputElevation != null) {
          throw new IllegalArgumentException(
              "--input-elevation: this model doesn't take it; Stable Zero123 does (--pose "
                  + PoseEncoding.STABLE_ZERO123
                  + ")");
        }
        yield 0;
      }
      case STABLE_ZERO123 -> {
        if (inputElevation == null) {
          throw new IllegalArgumentException(
              "--input-elevation: this model needs it; 0 is level with the object, 90 above it");
        }
        yield Math.toRadians(90 - Arguments.finite("--input-elevation", inputElevation));
      }
    };
  }
}
