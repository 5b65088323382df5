package dev.azimuth.app;

import com.madgag.gif.fmsware.AnimatedGifEncoder;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.file.AtomicFile;
import dev.azimuth.views.Image;
import dev.azimuth.views.RelativePose;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A turn around the object. */
@Command(
    name = "orbit",
    description = "A turn around the object of one picture, as a GIF and a contact sheet.")
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class OrbitCommand implements Callable<Integer> {
  private static final int COLUMNS = 8;

  @Mixin private PhotographOptions photograph;

  @Option(
      names = "--frames",
      defaultValue = "12",
      paramLabel = "N",
      description = "Views around the object (default: ${DEFAULT-VALUE}).")
  private int frames;

  @Option(
      names = "--elevation",
      defaultValue = "0",
      paramLabel = "D",
      description = "Degrees that the orbit lies above the input view (default: 0).")
  private double elevation;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "F.gif",
      description = "The animation; the sheet is put beside it as F.png.")
  private Path out;

  @Mixin private ModelOptions options;
  @Mixin private ComputeOptions compute;

  @Override
  public Integer call() throws Exception {
    Arguments.within("--frames", frames, 2, 360);
    Arguments.finite("--elevation", elevation);
    String name = String.valueOf(out.getFileName());
    if (!name.toLowerCase(Locale.ROOT).endsWith(".gif")) {
      throw new IllegalArgumentException("--out: must end in .gif, not " + name);
    }
    Path sheet = out.resolveSibling(name.substring(0, name.length() - 4) + ".png");
    Arguments.requireWritable(out);
    Arguments.requireWritable(sheet);
    try (Backend backend = compute.open()) {
      Zero123 model = options.open(backend);
      ViewSynthesis synthesis = new ViewSynthesis(model, options.sampling(model));
      List<float[]> conditions = photograph.conditions(model.config().imageSize());
      List<ViewSynthesis.Request> requests = new ArrayList<>();
      for (int i = 0; i < frames; i++) {
        RelativePose move = RelativePose.ofDegrees(elevation, 360.0 * i / frames, 0);
        List<double[]> poses = photograph.poses(model.config().pose(), move);
        requests.add(new ViewSynthesis.Request(conditions, poses, options.seed(0)));
      }
      List<Image> views = synthesis.run(requests);
      writeGif(views);
      int size = model.config().imageSize();
      List<Image> inputs = conditions.stream().map(c -> Image.ofSignedRgb(size, size, c)).toList();
      sheet(inputs, views).write(sheet);
    }
    return 0;
  }

  private void writeGif(List<Image> views) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    AnimatedGifEncoder encoder = new AnimatedGifEncoder();
    encoder.start(bytes);
    encoder.setRepeat(0);
    encoder.setDelay(Math.max(40, 2400 / frames));
    encoder.setQuality(1);
    for (Image view : views) {
      BufferedImage frame = view.toBufferedImage();
      BufferedImage opaque =
          new BufferedImage(frame.getWidth(), frame.getHeight(), BufferedImage.TYPE_3BYTE_BGR);
      opaque.createGraphics().drawImage(frame, 0, 0, null);
      encoder.addFrame(opaque);
    }
    encoder.finish();
    AtomicFile.write(out, bytes.toByteArray());
  }

  private ContactSheet sheet(List<Image> inputs, List<Image> views) {
    ContactSheet sheet = new ContactSheet("azimuth orbit: " + photograph.name(), 96);
    sheet.row(List.of("input"), inputs, List.of());
    for (int start = 0; start < views.size(); start += COLUMNS) {
      int end = Math.min(views.size(), start + COLUMNS);
      List<String> captions = new ArrayList<>();
      for (int i = start; i < end; i++) {
        captions.add(Math.round(360.0 * i / frames) + "°");
      }
      sheet.row(List.of("azimuth"), views.subList(start, end), captions);
    }
    return sheet;
  }
}
