package dev.azimuth.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.views.Image;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever is wrong with files and flags: exit status not 0, one line that names the file or flag
 * and the reason, and no file left that wasn't there before.
 */
final class BadInputTest {
  @TempDir static Path shared;
  private static Path model;
  private static Path data;

  @TempDir Path folder;
  private Path out;

  @BeforeAll
  static void makeInputs() throws IOException {
    model = TinyModel.write(shared.resolve("model"));
    data = TinyData.write(shared.resolve("data"));
  }

  @BeforeEach
  void nameOutput() {
    out = folder.resolve("out.png");
  }

  private static List<Path> files(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files.sorted().toList();
    }
  }

  private void refused(List<?> fragments, String command, Object... args) throws IOException {
    List<Path> before = files(folder);
    Console answer = Console.run(command, args);
    check(answer, fragments);
    assertEquals(before, files(folder), "files were left");
  }

  private static void check(Console answer, List<?> fragments) {
    String err = answer.err();
    assertNotEquals(0, answer.status(), err);
    assertEquals(1, err.lines().count(), err);
    assertTrue(err.startsWith("azimuth: "), err);
    for (Object fragment : fragments) {
      assertTrue(err.contains(fragment.toString()), () -> fragment + " isn't named: " + err);
    }
    assertFalse(err.contains("Exception") || err.contains("internal error"), err);
  }

  private Path file(String name, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, content);
  }

  private Path file(String name, String content) throws IOException {
    return file(name, content.getBytes(StandardCharsets.UTF_8));
  }

  private static Path picture() {
    return data.resolve("cube/000.png");
  }

  private static byte[] half(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    return Arrays.copyOf(bytes, bytes.length / 2);
  }

  private static Path copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
    return to;
  }

  // pictures

  private void refusedPicture(Path picture, String reason) throws IOException {
    refused(
        List.of(picture, reason), "synthesize --image ? --model ? --out ?", picture, model, out);
  }

  /** A PNG that claims these sides, with the right check sum. */
  private byte[] pngOfSize(int width, int height) throws IOException {
    byte[] png = Files.readAllBytes(picture());
    ByteBuffer header = ByteBuffer.wrap(png).putInt(16, width).putInt(20, height);
    CRC32 sum = new CRC32();
    sum.update(png, 12, 17);
    header.putInt(29, (int) sum.getValue());
    return png;
  }

  @Test
  void pictures() throws IOException {
    refusedPicture(folder.resolve("none.png"), "no such file");
    refusedPicture(folder, "folder");
    refusedPicture(file("text.png", "not a picture"), "not a PNG");
    refusedPicture(file("empty.png", ""), "empty");
    refusedPicture(file("half.png", half(picture())), "truncated");
    byte[] flipped = Files.readAllBytes(picture());
    flipped[flipped.length / 2] ^= 1;
    refusedPicture(file("flipped.png", flipped), "check sum");
    refusedPicture(file("flat.png", pngOfSize(16, 0)), "damaged");
    refusedPicture(file("thin.png", pngOfSize(0, 16)), "damaged");
    refusedPicture(file("huge.png", pngOfSize(100_000, 100_000)), "100000 x 100000");
  }

  // flags

  @ParameterizedTest
  @CsvSource({
    "--elevation, NaN",
    "--azimuth, Infinity",
    "--radius, -Infinity",
    "--azimuth, east",
    "--threads, 0",
    "--threads, 1000000",
    "--threads, two",
    "--steps, 0",
    "--steps, 1",
    "--steps, 1001",
    "--samples, 0",
    "--samples, 1000000000",
    "--scale, NaN",
    "--eta, -1",
    "--eta, NaN",
    "--device, nonsense",
    "--device, cuda:999",
    "--sampler, nonsense",
    "--seed, 1.5",
    "--nonsense, 1"
  })
  void flags(String flag, String value) throws IOException {
    refused(
        List.of(flag),
        "synthesize --image ? --model ? --out ? ?",
        picture(),
        model,
        out,
        flag + "=" + value);
  }

  @Test
  void wrongAndMissingWords() throws IOException {
    refused(List.of("nonsense", "--help"), "nonsense");
    refused(List.of("--help"), "");
    refused(List.of("--nonsense"), "--nonsense");
    refused(List.of("--out"), "synthesize --image ?", picture());
    refused(List.of("--image"), "synthesize --out ?", out);
    refused(List.of("extra"), "demo extra");
    refused(List.of("FILE", "--device"), "info");
    refused(List.of("--device cuda:999: no "), "info --device cuda:999");
    Path gif = folder.resolve("o.gif");
    refused(
        List.of("--frames", "361"),
        "orbit --image ? --model ? --frames 361 --out ?",
        picture(),
        model,
        gif);
    refused(List.of("--out", ".gif"), "orbit --image ? --model ? --out ?", picture(), model, out);
  }

  @Test
  void traceOnlyIfAskedFor() {
    String command = "synthesize --image none.png --out ?";
    assertFalse(Console.run(command, out).err().contains("\tat "));
    String trace = Console.run(command + " --verbose", out).err();
    assertTrue(trace.contains("\tat dev.azimuth"), trace);
  }

  // models

  private void refusedModel(Path wrong, Object... fragments) throws IOException {
    refused(List.of(fragments), "synthesize --image ? --model ? --out ?", picture(), wrong, out);
  }

  private Path modelWith(String name, String config) throws IOException {
    Path wrong = copy(model, folder.resolve(name));
    Files.writeString(wrong.resolve("config.json"), config);
    return wrong;
  }

  @Test
  void configurations() throws IOException {
    refusedModel(folder.resolve("none"), folder.resolve("none"), "no such model");
    String config = TinyModel.CONFIG;
    record Case(String reason, String config) {}
    List<Case> cases =
        List.of(
            new Case("config.json", ""),
            new Case("config.json", config.substring(0, config.length() / 2)),
            new Case("config.json", "[1, 2]"),
            new Case("conditioner", config.replace("\"conditioner\": \"ZERO123\",", "")),
            new Case("imagesize", config.replace("\"schedule\"", "\"imagesize\": 1, \"schedule\"")),
            new Case("image_size", config.replace("\"image_size\": 16", "\"image_size\": 15")),
            new Case("image_size", config.replace("\"image_size\": 16", "\"image_size\": \"x\"")),
            new Case("num_groups", config.replace("\"num_groups\": 4", "\"num_groups\": 3")),
            new Case(
                "scale_factor", config.replace("\"scale_factor\": 1.0", "\"scale_factor\": 0")));
    for (int i = 0; i < cases.size(); i++) {
      Path wrong = modelWith("model" + i, cases.get(i).config);
      refusedModel(wrong, wrong.resolve("config.json"), cases.get(i).reason);
    }
    Path none = copy(model, folder.resolve("unconfigured"));
    Files.delete(none.resolve("config.json"));
    refusedModel(none, none.resolve("config.json"), "no such file");
  }

  @Test
  void numbersThatOverflow() throws IOException {
    refused(
        List.of("model", "NaN", "--scale"),
        "synthesize --image ? --model ? --scale 1e38 --out ?",
        picture(),
        model,
        out);
  }

  @Test
  void weights() throws IOException {
    Path wrong = modelWith("fits not", TinyModel.CONFIG.replace("_dim\": 8,", "_dim\": 16,"));
    refusedModel(wrong, wrong.resolve("model.safetensors"), "misshapen");
    Path weights = copy(model, folder.resolve("half")).resolve("model.safetensors");
    byte[] half = half(weights);
    Files.write(weights, half);
    refusedModel(weights.getParent(), weights);
    refused(List.of(weights), "info ?", weights);
    Files.writeString(weights, "no tensors at all");
    refusedModel(weights.getParent(), weights);
    Files.delete(weights);
    refusedModel(weights.getParent(), weights, "no such file");
    refused(List.of(weights, "no such file"), "info ?", weights);
    refused(List.of(folder.resolve("none")), "info ?", folder.resolve("none"));
  }

  // outputs

  /** A folder in which nobody, not even root, can make a file. */
  private Path readOnly() throws IOException {
    Path closed = Files.createDirectory(folder.resolve("closed"));
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("r-xr-xr-x"));
    return Files.isWritable(closed) ? Path.of("/proc") : closed;
  }

  @Test
  void outputs() throws IOException {
    Path plain = file("plain", "");
    Path closed = readOnly();
    for (Path wrong :
        List.of(
            folder.resolve("none/out.png"),
            folder,
            plain.resolve("out.png"),
            closed.resolve("out.png"))) {
      refused(
          List.of("cannot write " + wrong),
          "synthesize --image ? --model ? --out ?",
          picture(),
          model,
          wrong);
      refused(List.of(wrong), "demo --model ? --data ? --out ?", model, data, wrong);
      refused(List.of(wrong), "split --data ? --out ?", data, wrong);
    }
    Path gif = folder.resolve("none/out.gif");
    refused(List.of(gif), "orbit --image ? --model ? --out ?", picture(), model, gif);
    for (Path wrong : List.of(plain, closed.resolve("deep/er"))) {
      refused(List.of(wrong), "render ? --out ?", meshes(), wrong);
      refused(
          List.of(wrong),
          "evaluate --model ? --data ? --split ? --out ?",
          model,
          data,
          split(),
          wrong);
      refused(List.of(wrong), "train --config ? --data ? --out ?", training(), data, wrong);
    }
  }

  @Test
  void unwritableOutputIsSeenBeforeAnythingIsComputed() throws IOException {
    Path gone = folder.resolve("none");
    for (Path wrong : List.of(gone.resolve("out.png"), readOnly().resolve("out.png"))) {
      // the model isn't there either; who complains about the output looked there first
      refused(
          List.of("cannot write " + wrong),
          "synthesize --image ? --model ? --out ?",
          picture(),
          gone,
          wrong);
    }
  }

  @Test
  void fullDisk() throws IOException {
    Path full = Path.of("/dev/full");
    assertTrue(Files.exists(full), "Linux has it");
    refused(
        List.of(full, "no space left"),
        "synthesize --image ? --model ? --out ?",
        picture(),
        model,
        full);
    refused(List.of(full, "no space left"), "demo --model ? --data ? --out ?", model, data, full);
    assertFalse(Files.isRegularFile(full));
  }

  // data sets

  private static Path meshes() {
    return shared.resolve("data-meshes");
  }

  private Path split() throws IOException {
    return file(
        "split.json",
        "{\"train\": [\"flat\"], \"test_objects\": [\"cube\", \"tall\"], \"test_authors\": []}");
  }

  private Path training() throws IOException {
    String stage =
        "{\"steps\": 1, \"batch_size\": 1, \"learning_rate\": 0.001, \"warm_up_steps\": 1,"
            + "\"final_factor\": 0, \"weight_decay\": 0, \"gradient_clip\": 1, \"ema_decay\": 0,"
            + "\"checkpoint_every\": 1}";
    return file(
        "training.json",
        """
        {"seed": 1, "model": %s, "autoencoder": %s, "kl_weight": 0.1, "image_encoder": %s,
         "temperature": 1, "noise_prediction": %s,
         "projection_learning_rate_factor": 10, "timestep_shift": 1, "mirror": false}\
        """
            .formatted(TinyModel.CONFIG, stage, stage, stage));
  }

  private void refusedData(Path wrong, Object... fragments) throws IOException {
    List<Object> named = List.of(fragments);
    refused(named, "demo --model ? --data ? --out ?", model, wrong, out);
    Path run = folder.resolve("run");
    refused(named, "train --config ? --data ? --out ?", training(), wrong, run);
    refused(named, "evaluate --model ? --data ? --split ? --out ?", model, wrong, split(), run);
  }

  @Test
  void dataSets() throws IOException {
    training();
    split();
    refusedData(folder.resolve("none"), "valid_paths.json", "no such file");
    Path wrong = copy(data, folder.resolve("data"));
    Path view = wrong.resolve("cube/002.png");
    byte[] whole = Files.readAllBytes(view);
    Files.write(view, half(view));
    refusedData(wrong, view, "truncated");
    Files.delete(view);
    refusedData(wrong, view, "no such file");
    Files.write(view, whole);
    Path camera = wrong.resolve("cube/002.npy");
    byte[] matrix = Files.readAllBytes(camera);
    Files.write(camera, half(camera));
    refusedData(wrong, camera);
    byte[] nan = matrix.clone();
    Arrays.fill(nan, nan.length - 8, nan.length, (byte) 0xFF);
    Files.write(camera, nan);
    refusedData(wrong, camera, "finite");
    Files.writeString(camera, "no array");
    refusedData(wrong, camera);
    Files.write(camera, matrix);
    clear(view, 16);
    refusedData(wrong, view, "fully transparent");
    new Image(8, 16, new float[8 * 16 * 4]).writePng(view);
    refusedData(wrong, view, "is 8 x 16, the data set's pictures are 16 x 16");
    Files.write(view, whole);
    byte[] turned = matrix.clone();
    // the last number of the first row: how far the camera is beside its line of sight
    ByteBuffer.wrap(turned).order(ByteOrder.LITTLE_ENDIAN).putDouble(turned.length - 72, 0.4);
    Files.write(camera, turned);
    refusedData(wrong, camera, "doesn't look at the origin");
    Files.write(camera, matrix);
    Path list = wrong.resolve("valid_paths.json");
    Files.writeString(list, "[\"cube\"");
    refusedData(wrong, list);
    Files.writeString(list, "[\"../data\"]");
    refusedData(wrong, list);
  }

  /** Training names every view that can't be used, and begins with none of them. */
  @Test
  void trainingNamesAllBadViewsAndTellsOfMissingOnes() throws IOException {
    Path wrong = copy(data, folder.resolve("data"));
    clear(wrong.resolve("cube/001.png"), 16);
    Files.delete(wrong.resolve("tall/000.png"));
    Path run = folder.resolve("run");
    Path training = training();
    refused(
        List.of(
            wrong.resolve("cube/001.png"),
            "fully transparent",
            wrong.resolve("tall/000.png"),
            "no such file"),
        "train --config ? --data ? --out ?",
        training,
        wrong,
        run);
    assertFalse(Files.exists(run.resolve("model")));
    Path few = copy(data, folder.resolve("few"));
    for (String file : List.of("002.png", "002.npy", "003.png", "003.npy")) {
      Files.delete(few.resolve("cube").resolve(file));
    }
    Console told = Console.run("train --config ? --data ? --out ?", training, few, run);
    assertEquals(0, told.status(), told.err());
    assertTrue(
        told.err().contains(few.resolve("cube") + ": has 2 views, other objects 4"), told.err());
  }

  private static void clear(Path view, int size) throws IOException {
    new Image(size, size, new float[size * size * 4]).writePng(view);
  }

  @Test
  void splitsAndTrainings() throws IOException {
    Path run = folder.resolve("run");
    Path training = training();
    Path split = split();
    for (String wrong : List.of("", "{", "{\"train\": 1}", "{\"train\": [\"cube\", \"cube\"]}")) {
      Files.writeString(split, wrong);
      refused(
          List.of(split),
          "train --config ? --data ? --split ? --out ?",
          training,
          data,
          split,
          run);
      refused(
          List.of(split), "evaluate --model ? --data ? --split ? --out ?", model, data, split, run);
    }
    Files.writeString(
        split, "{\"train\": [\"ghost\"], \"test_objects\": [], \"test_authors\": []}");
    refused(
        List.of("ghost"),
        "train --config ? --data ? --split ? --out ?",
        training,
        data,
        split,
        run);
    split();
    refused(
        List.of("--rotation", "181"),
        "evaluate --model ? --data ? --split ? --rotation 181 --out ?",
        model,
        data,
        split,
        run);
    String right = Files.readString(training);
    for (String wrong :
        List.of(
            "",
            right.substring(0, 200),
            right.replace("\"steps\": 1,", "\"steps\": 0,"),
            right.replace("mirror", "mirrored"))) {
      Files.writeString(training, wrong);
      refused(List.of(training), "train --config ? --data ? --out ?", training, data, run);
    }
    Path info = copy(data, folder.resolve("data")).resolve("cube/object.json");
    Files.write(info, half(info));
    refused(List.of(info), "split --data ? --out ?", folder.resolve("data"), out);
    refused(List.of("--test"), "split --data ? --test NaN --out ?", data, out);
    refused(List.of("--exclude", "ghost"), "split --data ? --exclude ghost --out ?", data, out);
  }

  // meshes

  private void refusedMesh(Path mesh, Object... fragments) throws IOException {
    Path set = folder.resolve("set");
    Console answer = Console.run("render ? --size 8 --samples 1 --out ?", mesh, set);
    List<Object> named = new ArrayList<>(List.of(fragments));
    named.add(mesh);
    check(answer, named);
    assertTrue(!Files.exists(set) || files(set).size() == 1, "files were left");
  }

  @Test
  void meshFiles() throws IOException {
    refusedMesh(folder.resolve("none.obj"), "no such file");
    refusedMesh(file("mesh.stl", "solid"), ".obj");
    refusedMesh(file("empty.obj", ""));
    refusedMesh(file("text.obj", "not a mesh"));
    refusedMesh(file("nan.obj", "v 0 0 NaN\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"));
    refusedMesh(file("range.obj", "v 0 0 0\nf 1 2 3\n"));
    refusedMesh(file("empty.glb", ""));
    refusedMesh(file("text.glb", "not a mesh"));
    refusedMesh(file("half.glb", new byte[] {'g', 'l', 'T', 'F', 2, 0, 0, 0, 99, 0, 0, 0}));
    refusedMesh(file("text.sh3f", "not a zip"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--views=0", "--size=0", "--size=100000", "--samples=0", "--threads=0"})
  void renderNumbers(String flag) throws IOException {
    refused(
        List.of(flag.substring(2, flag.indexOf('='))),
        "render ? --out ? ?",
        meshes(),
        folder.resolve("set"),
        flag);
  }

  @Test
  void rigs() throws IOException {
    Path set = folder.resolve("set");
    refused(List.of("--orbit"), "render ? --radius 2 --out ?", meshes(), set);
    refused(List.of("radius"), "render ? --orbit --radius 0 --out ?", meshes(), set);
    refused(List.of("elevation"), "render ? --orbit --elevation 91 --out ?", meshes(), set);
    refused(List.of("start"), "render ? --orbit --start NaN --out ?", meshes(), set);
    refused(List.of("--only", "ghost"), "render ? --only cube,ghost --out ?", meshes(), set);
  }

  // as processes

  private static Console process(String memory, Redirect out, String words, Object... args)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", memory));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(Main.class.getName());
    command.addAll(List.of(Console.words(words, args)));
    Path err = Files.createTempFile(shared, "err", "");
    Process process =
        new ProcessBuilder(command).redirectOutput(out).redirectError(err.toFile()).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    return new Console(process.exitValue(), text, Files.readString(err));
  }

  @Test
  void statusReachesTheShell() throws Exception {
    Path none = folder.resolve("none.safetensors");
    check(process("-Xmx64m", Redirect.PIPE, "info ?", none), List.of(none, "no such file"));
  }

  @Test
  void fullStandardOutputIsNoSuccess() throws Exception {
    Redirect full = Redirect.to(new File("/dev/full"));
    check(process("-Xmx64m", full, "info ?", model), List.of("standard output"));
  }

  @Test
  void tooLittleMemoryIsSaid() throws Exception {
    Path large = file("large.png", "");
    ImageIO.write(
        new BufferedImage(8000, 8000, BufferedImage.TYPE_BYTE_BINARY), "png", large.toFile());
    Path view = copy(data, folder.resolve("data")).resolve("flat/000.png");
    Files.copy(large, view, StandardCopyOption.REPLACE_EXISTING);
    Console answer =
        process(
            "-Xmx64m",
            Redirect.PIPE,
            "demo --data ? --model ? --out ?",
            folder.resolve("data"),
            model,
            out);
    check(answer, List.of("not enough memory", "-Xmx"));
    assertFalse(Files.exists(out));
  }
}
