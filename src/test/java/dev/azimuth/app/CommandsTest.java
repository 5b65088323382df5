package dev.azimuth.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.tensor.file.SafeTensors;
import dev.azimuth.views.Image;
import dev.azimuth.views.ViewDataset;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every command from its arguments to its files, with a tiny model. */
final class CommandsTest {
  @TempDir static Path shared;
  private static Path model;
  private static Path data;

  @TempDir Path folder;

  @BeforeAll
  static void makeInputs() throws IOException {
    model = TinyModel.write(shared.resolve("model"));
    data = TinyData.write(shared.resolve("data"));
  }

  private static Console succeed(String command, Object... args) {
    Console done = Console.run(command, args);
    assertEquals(0, done.status(), done.err());
    assertEquals("", done.err());
    return done;
  }

  private Path synthesize(String out, Path picture, String more) {
    Path file = folder.resolve(out);
    succeed("synthesize --image ? --model ? --out ? " + more, picture, model, file);
    return file;
  }

  private static Path picture() {
    return data.resolve("cube/000.png");
  }

  @Test
  void samePictureOnAnyThreadsAnotherForAnotherSeed() throws IOException {
    byte[] one = Files.readAllBytes(synthesize("a", picture(), "--seed 1 --threads 1"));
    byte[] two = Files.readAllBytes(synthesize("b", picture(), "--seed 1 --threads 2"));
    byte[] other = Files.readAllBytes(synthesize("c", picture(), "--seed 2"));
    byte[] moved = Files.readAllBytes(synthesize("d", picture(), "--seed 1 --azimuth 90"));
    assertArrayEquals(one, two);
    assertFalse(Arrays.equals(one, other));
    assertFalse(Arrays.equals(one, moved));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(4, files.count(), "no temporary file is left");
    }
  }

  @Test
  void samplesLieSideBySide() throws IOException {
    Image one = Image.read(synthesize("one.png", picture(), "--seed 4"));
    Image three = Image.read(synthesize("three.png", picture(), "--seed 4 --samples 3"));
    assertEquals(16, one.width());
    assertEquals(48, three.width());
    assertEquals(16, three.height());
    int differing = 0;
    for (int y = 0; y < 16; y++) {
      for (int x = 0; x < 16; x++) {
        assertEquals(one.at(x, y, 0), three.at(x, y, 0), "the first is that of one sample");
        differing += three.at(x, y, 0) == three.at(x + 16, y, 0) ? 0 : 1;
      }
    }
    assertTrue(differing > 100, "samples differ");
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        BufferedImage.TYPE_INT_ARGB,
        BufferedImage.TYPE_3BYTE_BGR,
        BufferedImage.TYPE_BYTE_GRAY,
        BufferedImage.TYPE_USHORT_GRAY,
        BufferedImage.TYPE_BYTE_INDEXED,
        BufferedImage.TYPE_BYTE_BINARY
      })
  void takesAnyPng(int type) throws IOException {
    BufferedImage image = new BufferedImage(31, 20, type);
    for (int y = 5; y < 15; y++) {
      for (int x = 0; x < 31; x++) {
        image.setRGB(x, y, new Color(x * 8, y * 12, 128).getRGB());
      }
    }
    Path file = folder.resolve("foreign.png");
    ImageIO.write(image, "png", file.toFile());
    Image made = Image.read(synthesize("new.png", file, "--seed 3"));
    assertEquals(16, made.width());
    assertEquals(16, made.height());
  }

  @Test
  void pictureOnTransparentGroundIsThatOnWhite() throws IOException {
    Image clear = Image.read(picture());
    assertTrue(clear.at(0, 0, 3) == 0, "the corner is transparent");
    Path white = folder.resolve("white.png");
    clear.over(Image.Background.WHITE).writePng(white);
    assertArrayEquals(
        Image.read(synthesize("a.png", picture(), "--seed 3")).rgba(),
        Image.read(synthesize("b.png", white, "--seed 3")).rgba(),
        1.5f / 255,
        "rounding of the composited picture to 8 bits");
  }

  @Test
  void wideAndTallPicturesAreCentredOnWhite() throws IOException {
    Path wide = folder.resolve("wide.png");
    Path square = folder.resolve("square.png");
    float[] half = new float[16 * 8 * 4];
    Arrays.fill(half, 0.5f);
    for (int i = 3; i < half.length; i += 4) {
      half[i] = 1;
    }
    new Image(16, 8, half).writePng(wide);
    float[] whole = new float[16 * 16 * 4];
    Arrays.fill(whole, 1);
    System.arraycopy(half, 0, whole, 16 * 4 * 4, half.length);
    new Image(16, 16, whole).writePng(square);
    assertArrayEquals(
        Files.readAllBytes(synthesize("a.png", wide, "--seed 3")),
        Files.readAllBytes(synthesize("b.png", square, "--seed 3")));
  }

  @Test
  void orbitIsAnAnimationAndASheet() throws IOException {
    Path gif = folder.resolve("turn.gif");
    succeed("orbit --image ? --model ? --frames 9 --out ?", picture(), model, gif);
    try (ImageInputStream in = ImageIO.createImageInputStream(gif.toFile())) {
      ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
      reader.setInput(in);
      assertEquals(9, reader.getNumImages(true));
      assertEquals(16, reader.getWidth(0));
    }
    Image sheet = Image.read(folder.resolve("turn.png"));
    assertTrue(sheet.height() > 3 * 96, "an input row and two of views");
  }

  @Test
  void furtherViewsAreSeen() throws IOException {
    Path other = data.resolve("cube/001.png");
    byte[] one = Files.readAllBytes(synthesize("a.png", picture(), "--azimuth 40"));
    byte[] two =
        Files.readAllBytes(
            synthesize("b.png", picture(), "--azimuth 40 --view %s,10,30,0.1".formatted(other)));
    byte[] three =
        Files.readAllBytes(
            synthesize("c.png", picture(), "--azimuth 40 --view %s,10,90,0.1".formatted(other)));
    assertFalse(Arrays.equals(one, two));
    assertFalse(Arrays.equals(two, three), "its place matters");
    succeed(
        "orbit --image ? --view ? --model ? --frames 2 --out ?",
        picture(),
        other + ",0,90,0",
        model,
        folder.resolve("turn.gif"));
    for (String bad : List.of("x.png", "x.png,1,2", "x.png,1,2,far", "x.png,1,2,NaN")) {
      Console refused =
          Console.run(
              "synthesize --image ? --model ? --view ? --out ?",
              picture(),
              model,
              bad,
              folder.resolve("d.png"));
      assertEquals(1, refused.status());
      assertTrue(refused.err().contains("--view"), refused.err());
    }
  }

  @Test
  void demoPrintsEveryObjectAndDrawsThem() throws IOException {
    Path sheet = folder.resolve("demo.png");
    Console done = succeed("demo --model ? --data ? --out ?", model, data, sheet);
    for (String name : List.of("flat", "cube", "tall")) {
      assertTrue(done.out().lines().anyMatch(l -> l.matches(name + " +\\d+\\.\\d dB")), done.out());
    }
    assertTrue(done.out().contains("9 views"), done.out());
    Image image = Image.read(sheet);
    assertTrue(image.width() > 4 * 96 && image.height() > 6 * 96);
  }

  @Test
  void renderedOrbitStandsWhereItSays() throws IOException {
    Path out = folder.resolve("orbit");
    String command =
        "render ? --only tall,cube --orbit --elevation 20 --radius 1.8 --start -60"
            + " --views 4 --size 12 --samples 2 --out ?";
    succeed(command, shared.resolve("data-meshes"), out);
    ViewDataset set = ViewDataset.open(out);
    assertEquals(List.of("cube", "tall"), set.objects());
    for (int i = 0; i < 4; i++) {
      assertEquals(70, Math.toDegrees(set.camera("tall", i).polar()), 1e-9);
      assertEquals(1.8, set.camera("tall", i).radius(), 1e-9);
      double turn = Math.toDegrees(set.camera("tall", i).azimuth()) + 60 - 90 * i;
      assertEquals(0, Math.IEEEremainder(turn, 360), 1e-9);
    }
    succeed(command, shared.resolve("data-meshes"), out);
    Console other = Console.run(command.replace("1.8", "1.9"), shared.resolve("data-meshes"), out);
    assertEquals(1, other.status());
    assertTrue(other.err().contains("not with these settings"), other.err());
  }

  @Test
  void trainsSplitsEvaluatesAndDescribes() throws IOException {
    Path config = folder.resolve("training.json");
    Files.writeString(config, trainingConfig());
    Path run = folder.resolve("run");
    succeed("train --config ? --data ? --out ?", config, data, run);
    Path trained = run.resolve("model");
    byte[] weights = Files.readAllBytes(trained.resolve("model.safetensors"));
    assertEquals(3 * 320, Image.read(run.resolve("loss.png")).height());
    succeed("train --config ? --data ? --out ? --resume", config, data, run);
    assertArrayEquals(weights, Files.readAllBytes(trained.resolve("model.safetensors")));

    Path split = folder.resolve("split.json");
    Files.writeString(
        split,
        "{\"train\": [\"flat\"], \"test_objects\": [\"cube\", \"tall\"], \"test_authors\": []}");
    Path report = folder.resolve("report");
    Console table =
        succeed(
            "evaluate --model ? --data ? --split ? --samples 2 --pairs 1 --out ?",
            trained,
            data,
            split,
            report);
    for (String row : List.of("one sample", "mean of 2 samples", "input view repeated", "mean")) {
      assertTrue(table.out().contains("| " + row), table.out());
    }
    assertTrue(Files.readString(report.resolve("report.json")).contains("\"psnr\""));
    String page = Files.readString(report.resolve("report.html"));
    // of each pair the input, four guesses and the truth; and a chart for each pairwise measure
    assertEquals(2 * 6 + 3, page.split("data:image/png;base64,", -1).length - 1);
    assertFalse(page.contains("src=\"http"), "nothing is fetched");
    assertTrue(page.contains("azimuth evaluate --model"), "the command is told");

    Console info = succeed("info ? --names", trained);
    assertTrue(info.out().contains("cc_projection.weight"), info.out());
    assertTrue(info.out().contains("F16"), info.out());
  }

  /** Two tokens from one: training goes on where the published model stands. */
  @Test
  void trainsOnFromAModel() throws IOException {
    Path published = TinyModel.write(folder.resolve("published"));
    Path stacked = folder.resolve("stacked");
    succeed("convert ? ? --stack", published, stacked);
    Path config = folder.resolve("training.json");
    // steps so small that rounding to half precision swallows them
    Files.writeString(config, trainingConfig().replace("0.001", "1e-9"));
    Path run = folder.resolve("run");
    succeed("train --config ? --data ? --out ? --from ?", config, data, run, stacked);
    assertFalse(Files.exists(run.resolve("autoencoder-loss.csv")), "it has one already");
    assertEquals(2, LossChart.read(run.resolve("noise_prediction-loss.csv")).length);
    Path trained = run.resolve("model");
    assertTrue(Files.readString(trained.resolve("config.json")).contains("STACKED"));
    assertSameInHalfPrecision(
        stacked.resolve("model.safetensors"), trained.resolve("model.safetensors"));

    byte[] weights = Files.readAllBytes(trained.resolve("model.safetensors"));
    succeed("train --config ? --data ? --out ? --from ? --resume", config, data, run, stacked);
    assertArrayEquals(weights, Files.readAllBytes(trained.resolve("model.safetensors")));
  }

  @Test
  void trainsWithHyperparametersFromTheCommandLine() throws IOException {
    Path config = folder.resolve("training.json");
    Files.writeString(
        config,
        trainingConfig()
            .replace("\"ZERO123\"", "{\"kind\": \"MULTI_VIEW\", \"concat\": \"NEAREST\"}"));
    Path run = folder.resolve("run");
    succeed(
        "train --config ? --data ? --out ? --context-dim 5 --condition-views 1,2",
        config,
        data,
        run);
    assertTrue(Files.readString(run.resolve("model/config.json")).contains("\"context_dim\" : 5"));
    String stored = Files.readString(run.resolve("training.json"));
    assertTrue(stored.replaceAll("\\s", "").contains("{\"least\":1,\"most\":2}"), stored);
  }

  private static void assertSameInHalfPrecision(Path wanted, Path got) throws IOException {
    try (SafeTensors start = SafeTensors.open(wanted);
        SafeTensors end = SafeTensors.open(got)) {
      assertEquals(start.entries().keySet(), end.entries().keySet());
      for (String name : start.entries().keySet()) {
        float[] values = end.entry(name).floats();
        float[] exact = start.entry(name).floats();
        for (int i = 0; i < exact.length; i++) {
          float half = Float.float16ToFloat(Float.floatToFloat16(exact[i]));
          // the next half-precision number, of which none are closer than 2^-24
          float next = Math.max(Math.ulp(half) * 0x1p13f, 0x1p-24f);
          assertEquals(half, values[i], next, name);
        }
      }
    }
  }

  private static String trainingConfig() {
    String stage =
        """
        {"steps": 2, "batch_size": 2, "learning_rate": 0.001, "warm_up_steps": 1,
         "final_factor": 0.1, "weight_decay": 0.0, "gradient_clip": 1.0, "ema_decay": 0.9,
         "checkpoint_every": 1}\
        """;
    return """
    {"seed": 1, "model": %s, "autoencoder": %s, "kl_weight": 0.0001, "image_encoder": %s,
     "temperature": 0.1, "noise_prediction": %s,
     "projection_learning_rate_factor": 10, "timestep_shift": 1, "mirror": true}\
    """
        .formatted(TinyModel.CONFIG, stage, stage, stage);
  }

  @Test
  void splitIsWrittenAndLeavesOut() throws IOException {
    Path split = folder.resolve("split.json");
    Console done = succeed("split --data ? --test 0.7 --exclude flat --out ?", data, split);
    assertTrue(done.out().contains("objects to learn from"), done.out());
    String text = Files.readString(split);
    assertFalse(text.contains("flat"), text);
    assertTrue(text.contains("cube") && text.contains("tall"), text);
  }

  @Test
  void infoDescribesADevice() {
    assertEquals("cpu:scalar", succeed("info --device cpu:scalar").out().strip());
  }

  @Test
  void helpOfEveryCommandIsClean() {
    for (String command :
        List.of(
            "demo",
            "synthesize",
            "orbit",
            "sweep",
            "render",
            "split",
            "train",
            "evaluate",
            "study",
            "verify",
            "info",
            "diagnose",
            "convert")) {
      Console help = succeed("? --help", command);
      assertTrue(help.out().startsWith("Usage: azimuth " + command), help.out());
      assertNotEquals(-1, succeed("--help").out().indexOf("  " + command), command);
    }
  }
}
