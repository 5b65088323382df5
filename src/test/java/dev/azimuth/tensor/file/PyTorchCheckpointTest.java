package dev.azimuth.tensor.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PyTorchCheckpointTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"views", "zero123-tiny"})
  void equalsItsSafetensorsTwinBitForBit(String name) throws IOException {
    try (PyTorchCheckpoint checkpoint = open(TestFiles.reference("formats/" + name + ".ckpt"));
        SafeTensors twin =
            SafeTensors.open(TestFiles.reference("formats/" + name + ".safetensors"))) {
      assertEquals(twin.entries().keySet(), checkpoint.entries().keySet());
      for (String tensor : twin.names()) {
        assertSame(twin.entry(tensor), checkpoint.entry(tensor));
      }
    }
  }

  /** All ways of reading give the same values bit for bit. */
  private static void assertSame(StoredTensor expected, StoredTensor actual) throws IOException {
    String name = expected.name();
    assertEquals(name, actual.name());
    assertEquals(expected.type(), actual.type(), name);
    assertArrayEquals(expected.shape(), actual.shape(), name);
    assertEquals(expected.count(), actual.count(), name);
    assertArrayEquals(expected.bytes(), actual.bytes(), name);
    assertArrayEquals(expected.floats(), actual.floats(), name);
    assertArrayEquals(expected.doubles(), actual.doubles(), name);
    if (!expected.type().isFloatingPoint()) {
      assertArrayEquals(expected.longs(), actual.longs(), name);
    }
  }

  @Test
  void readsTheLegacyStream() throws IOException {
    try (PyTorchCheckpoint legacy = open(TestFiles.reference("formats/legacy-not-zip.ckpt"));
        PyTorchCheckpoint zip = open(TestFiles.reference("formats/views.ckpt"))) {
      assertEquals(
          List.of("transposed", "rows", "q", "k", "half", "int64"), List.copyOf(legacy.names()));
      for (String tensor : legacy.names()) {
        StoredTensor entry = legacy.entry(tensor);
        assertEquals(zip.entry(tensor).type(), entry.type(), tensor);
        assertArrayEquals(zip.entry(tensor).shape(), entry.shape(), tensor);
      }
      // two views of one storage: the first three rows of nine and the next
      float[] q = legacy.entry("q").floats();
      float[] k = legacy.entry("k").floats();
      assertEquals(15, q.length);
      assertFalse(Arrays.equals(q, k));
      // the storage as it stands in the file, with the matrix on its side
      byte[] file = Files.readAllBytes(TestFiles.reference("formats/legacy-not-zip.ckpt"));
      byte[] int64 = legacy.entry("int64").bytes();
      assertTrue(contains(file, int64) && contains(file, legacy.entry("half").bytes()));
      assertFalse(contains(file, legacy.entry("transposed").bytes()));
      float[] turned = legacy.entry("transposed").floats();
      byte[] columns = new byte[4 * turned.length];
      for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 6; j++) {
          int bits = Float.floatToRawIntBits(turned[6 * i + j]);
          for (int b = 0; b < 4; b++) {
            columns[4 * (4 * j + i) + b] = (byte) (bits >> (8 * b));
          }
        }
      }
      assertTrue(contains(file, columns));
    }
  }

  private static boolean contains(byte[] file, byte[] part) {
    String all = new String(file, StandardCharsets.ISO_8859_1);
    return all.contains(new String(part, StandardCharsets.ISO_8859_1));
  }

  @Test
  void plainValuesBesideTheTensorsAreMetadata() throws IOException {
    try (PyTorchCheckpoint file = open(TestFiles.reference("formats/views.ckpt"))) {
      Map<String, String> expected = new LinkedHashMap<>();
      expected.put("global_step", "1099511627776");
      expected.put("notes", "[\"text\",[\"tuple\",1,2.5,null,true],{\"deep\":{\"er\":-1}}]");
      expected.put("huge", "1000000000000000000000000000000");
      expected.put("bytes", "\"<2 bytes>\"");
      assertEquals(expected, file.metadata());
    }
    try (PyTorchCheckpoint file = open(TestFiles.reference("formats/zero123-tiny.ckpt"))) {
      // the callbacks and the optimizers' states hold tensors
      assertEquals(
          List.of("epoch", "global_step", "lr_schedulers"),
          file.metadata().keySet().stream().filter(k -> !k.startsWith("pytorch")).toList());
      assertTrue(file.metadata().get("lr_schedulers").startsWith("[{\"base_lrs\":[1.0E-4,0.001]"));
      // the optimizer's states have no names
      assertTrue(file.names().stream().noneMatch(name -> name.contains("exp_avg")));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"malicious-reduce.ckpt", "malicious-reduce.pkl"})
  void maliciousSamplesAreRefusedAndLeaveNoTrace(String name) throws IOException {
    Path trace = Path.of("/tmp/unpickled-by-a-loader");
    Files.deleteIfExists(trace);
    FileFormatException e = refusal(TestFiles.reference("formats/" + name));
    assertTrue(e.getMessage().contains("calls 'posix.system'"), e.getMessage());
    assertFalse(e.getMessage().contains("\n"));
    assertFalse(Files.exists(trace));
  }

  /**
   * Each is the value of a dictionary's only key; {@code ~} is a line feed, {@code |} an empty
   * tuple.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "os.system; cos~system~X\2\0\0\0ls\u0085R",
        "nt.system; cnt~system~X\2\0\0\0ls\u0085R",
        "builtins.eval; cbuiltins~eval~X\1\0\0\0x\u0085R",
        "__builtin__.exec; c__builtin__~exec~X\1\0\0\0x\u0085R",
        "builtins.getattr; cbuiltins~getattr~X\1\0\0\0xX\1\0\0\0y\u0086R",
        "subprocess.Popen; csubprocess~Popen~)\u0081",
        "subprocess.Popen; csubprocess~Popen~)}\u0092",
        "runpy.run_path; (X\1\0\0\0xirunpy~run_path~",
        "socket.socket; (csocket~socket~o",
        "importlib.import_module;"
            + " X\11\0\0\0importlibX\15\0\0\0import_module\u0093X\1\0\0\0x\u0085R",
        "torch.serialization.os.system; X\23\0\0\0torch.serializationX\11\0\0\0os.system\u0093)R",
        "functools.partial: os.system; cfunctools~partial~cos~system~X\1\0\0\0x\u0086R",
        "a dictionary: os.system; cforeign~Thing~)R}X\14\0\0\0__setstate__cos~system~sb",
        "nested: os.system; cforeign~map~((cos~system~ttR",
      })
  void callsOfWhatRunsCodeAreRefused(String globalAndProgram) throws IOException {
    String global = globalAndProgram.substring(0, globalAndProgram.indexOf(';'));
    String program = globalAndProgram.substring(global.length() + 2);
    Path path = checkpoint("\u0080\2}X\1\0\0\0a" + program.replace('~', '\n') + "s.");
    FileFormatException e = refusal(path);
    String name = global.substring(global.lastIndexOf(' ') + 1);
    assertTrue(e.reason().contains("calls '" + name + "'"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // named, not called
        "cos~system~",
        // foreign classes, in each way there is to make an object of one
        "cforeign.module~Thing~)R}X\1\0\0\0kNsb",
        "cforeign.module~Thing~)\u0081}b",
        "cforeign.module~Thing~)}\u0092",
        "(iforeign.module~Thing~",
        "(cforeign.module~Thing~K\1o",
        // an object of an object's making, and one that is filled like a list and a dictionary
        "cforeign~factory~)R)R",
        "cforeign~List~)R(K\1K\2e",
        "cforeign~Map~)RK\1K\2s",
        "ccollections~defaultdict~c__builtin__~list~\u0085RX\1\0\0\0kNs",
        "cpathlib~PosixPath~X\1\0\0\0/\u0085R",
        "cbuiltins~set~]\u0085R",
        "\u008a\11\0\0\0\0\0\0\0\0\1",
        "\u0082\5)R",
        "I01~",
        "L-12345678901234567890L~",
        "F1.5~",
        "S'text'~",
        "Vtext~",
        "(lp1~",
        "(dp1~",
        "(I1~I2~tp1~",
        "]2a",
        "\u008f(K\1\u0090",
        "(K\1\u0091\u0094",
        "C\2ab",
        "P17~",
      })
  void whatIsOnlyNamedOrForeignIsInert(String program) throws IOException {
    Path path = checkpoint("\u0080\4}X\1\0\0\0a" + program.replace('~', '\n') + "s.");
    try (PyTorchCheckpoint file = open(path)) {
      assertTrue(file.names().isEmpty());
    }
  }

  /** As torch.jit.save writes a model of one module: objects of compiled classes, their states. */
  @Test
  void compiledModelsAreTheirAttributes() throws IOException {
    String tensor = view("FloatStorage", 2, 0, "K\2", "K\1");
    String inner = "c__torch__.torch.nn.Conv\nConv2d\n)\u0081}(X\6\0\0\0weight" + tensor + "ub";
    String outer =
        "\u0080\2c__torch__.model\nMultimodal\n)\u0081}(X\5\0\0\0conv1"
            + inner
            + "X\10\0\0\0training\u0089X\4\0\0\0bias"
            + tensor
            + "ub.";
    try (PyTorchCheckpoint file = open(checkpoint(outer, 8))) {
      assertEquals(List.of("conv1.weight", "bias"), List.copyOf(file.names()));
    }
    FileFormatException e =
        refusal(checkpoint("\u0080\2c__torch__.a\nB\n)\u0081}(X\1\0\0\0acos\nsystem\nub."));
    assertTrue(e.reason().contains("calls 'os.system'"), e.getMessage());
  }

  @Test
  void tensorsOfOtherTypesAreRefusedByNameOnly() throws IOException {
    String complex = view("ComplexFloatStorage", 1, 0, "", "");
    String good = view("FloatStorage", 2, 0, "K\2", "K\1");
    String quantized = "ctorch._utils\n_rebuild_qtensor\n)R";
    Path path =
        checkpoint(
            "\u0080\2}(X\1\0\0\0a"
                + complex
                + "X\1\0\0\0b"
                + good
                + "X\1\0\0\0c"
                + quantized
                + "u.",
            8);
    try (PyTorchCheckpoint file = open(path)) {
      assertEquals(List.of("b"), List.copyOf(file.names()));
      assertEquals(
          path + ": tensor 'a': type complex64 is not read",
          assertThrows(FileFormatException.class, () -> file.entry("a")).getMessage());
      assertTrue(
          assertThrows(FileFormatException.class, () -> file.entry("c"))
              .getMessage()
              .contains("_rebuild_qtensor"));
      assertTrue(
          assertThrows(FileFormatException.class, () -> file.entry("d"))
              .getMessage()
              .endsWith("there is no tensor 'd'"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // count of the storage, offset, extents, strides; two floats are there
        "3; 0; K\1; K\1",
        "2; 2; K\1; K\1",
        "2; 0; K\3; K\1",
        "2; 0; K\2; K\2",
        "2; 0; K\2K\2; K\1K\1",
        "2; 0; J\377\377\377\377; K\1",
        "2; 0; K\1; J\377\377\377\377",
        "2; 0; K\2; \u008a\10\377\377\377\377\377\377\377\177",
        "2; 0; K\2K\2;"
            + " \u008a\10\377\377\377\377\377\377\377\177\u008a\10\377\377\377\377\377\377\377\177",
        "2; 0; \u008a\5\0\0\0\0\1; K\0",
        "2; 0; J\0\0\0\177J\0\0\0\177J\0\0\0\177; K\0K\0K\0",
        "2; 0; J\0\0\0\177; K\0",
        "2; 0; K\2; ",
        "2; 0; N; N",
      })
  void viewsBeyondTheirStorageAreRefused(String view) throws IOException {
    String[] parts = view.split("; ", -1);
    int count = Integer.parseInt(parts[0]);
    int offset = Integer.parseInt(parts[1]);
    String program = view("FloatStorage", count, offset, parts[2], parts[3]);
    FileFormatException e = refusal(checkpoint("\u0080\2}X\1\0\0\0a" + program + "s.", 8));
    assertTrue(e.reason().startsWith("data.pkl: "), e.getMessage());
  }

  @Test
  void untypedStoragesGetTheirTypeFromTheTensor() throws IOException {
    Path path =
        checkpoint(
            "\u0080\2}(X\1\0\0\0a"
                + typedView("uint16")
                + "X\1\0\0\0b"
                + typedView("int32")
                + "X\1\0\0\0c"
                + typedView("float8_e5m2")
                + "X\1\0\0\0d"
                + typedView("new")
                + "u.",
            8);
    try (PyTorchCheckpoint file = open(path)) {
      assertEquals(List.of("a", "b"), List.copyOf(file.names()));
      assertEquals(ElementType.U16, file.entry("a").type());
      assertArrayEquals(new long[2], file.entry("b").longs());
      assertTrue(
          assertThrows(FileFormatException.class, () -> file.entry("c"))
              .getMessage()
              .endsWith("type float8_e5m2 is not read"));
      assertThrows(FileFormatException.class, () -> file.entry("d"));
    }
    // three of eight bytes do not fit
    refusal(
        checkpoint("\u0080\2}X\1\0\0\0a" + typedView("int64").replace("(K\2t", "(K\3t") + "s.", 8));
  }

  /** Two values of an untyped storage of eight bytes. */
  private static String typedView(String dtype) {
    return "ctorch._utils\n_rebuild_tensor_v3\n((X\7\0\0\0storagectorch.storage\nUntypedStorage\n"
        + "X\1\0\0\0"
        + "0X\3\0\0\0cpuK\10tQK\0(K\2t(K\1t\u0089Nctorch\n"
        + dtype
        + "\ntR";
  }

  @Test
  void storagesMayBePartsOfOthers() throws IOException {
    // the old way of sharing: (key, offset, size) behind the number of values
    String two = view("FloatStorage", 2, 0, "K\1", "K\1");
    String second = two.replace("tQ", "X\1\0\0\0vK\1K\1\u0087tQ");
    try (PyTorchCheckpoint file = open(checkpoint("\u0080\2}X\1\0\0\0a" + second + "s.", 8))) {
      assertArrayEquals(new float[1], file.entry("a").floats());
    }
    String beyond = two.replace("tQ", "X\1\0\0\0vK\1K\2\u0087tQ");
    refusal(checkpoint("\u0080\2}X\1\0\0\0a" + beyond + "s.", 8));
    String tooMany = second.replace("(K\1t", "(K\2t");
    refusal(checkpoint("\u0080\2}X\1\0\0\0a" + tooMany + "s.", 8));
  }

  @Test
  void dictionariesInDictionariesAreJoinedByDots() throws IOException {
    String w = view("FloatStorage", 2, 0, "K\2", "K\1");
    Path path =
        checkpoint(
            "\u0080\2}(X\5\0\0\0model}(X\1\0\0\0w"
                + w
                + "X\1\0\0\0i}K\0"
                + w
                + "su"
                + "X\11\0\0\0optimizer}X\1\0\0\0w"
                + w
                + "su.",
            8);
    try (PyTorchCheckpoint file = open(path)) {
      assertEquals(List.of("model.w"), List.copyOf(file.names()));
      assertEquals(Map.of(), file.metadata());
    }
  }

  @Test
  void otherTopLevelsAreNamed() throws IOException {
    assertTrue(refusal(checkpoint("\u0080\2].")).reason().contains("it holds a list"));
    assertTrue(
        refusal(checkpoint("\u0080\2cmy.model\nNet\n)R."))
            .reason()
            .contains("an object of 'my.model.Net'"));
  }

  @Test
  void otherFilesAreNoCheckpoints() throws IOException {
    for (String content : new String[] {"", "x", "PK\3\4", "\u0080\2K\1.", "\u0080\2}."}) {
      Path path = folder.resolve("x");
      Files.write(path, content.getBytes(StandardCharsets.ISO_8859_1));
      assertFalse(refusal(path).getMessage().contains("\n"));
      Files.delete(path);
    }
    Path missing = folder.resolve("missing.ckpt");
    assertEquals(
        "cannot read " + missing + ": no such file or folder",
        assertThrows(IOException.class, () -> open(missing)).getMessage());
  }

  @Test
  void truncationIsSeenAtEveryLength() throws IOException {
    for (String name : new String[] {"views.ckpt", "legacy-not-zip.ckpt"}) {
      byte[] whole = Files.readAllBytes(TestFiles.reference("formats/" + name));
      for (int length = 0; length < whole.length; length += 1 + length / 40) {
        Path cut = folder.resolve(name + length);
        Files.write(cut, Arrays.copyOf(whole, length));
        assertThrows(FileFormatException.class, () -> open(cut), name + " of " + length);
        Files.delete(cut);
      }
    }
  }

  @Test
  void closedFilesCannotBeRead() throws IOException {
    PyTorchCheckpoint file = open(TestFiles.reference("formats/views.ckpt"));
    StoredTensor k = file.entry("k");
    file.close();
    assertThrows(IllegalStateException.class, k::floats);
  }

  @Test
  void nestingOfAnyDepthIsRead() throws IOException {
    // a million lists within lists, too deep for a text, and a dictionary that holds itself
    String deep = "]".repeat(1_000_000) + "a".repeat(999_999);
    String program = "\u0080\2}(X\1\0\0\0a" + deep + "X\1\0\0\0bK\7u.";
    try (PyTorchCheckpoint file = open(checkpoint(program, 40_000_000))) {
      assertEquals(Map.of("b", "7"), file.metadata());
    }
    String self = "\u0080\2}q\0(X\1\0\0\0bh\0u.";
    try (PyTorchCheckpoint file = open(checkpoint(self, 8))) {
      assertTrue(file.names().isEmpty());
      assertTrue(file.metadata().isEmpty());
    }
  }

  @Test
  void textsWithoutEndAreLeftOut() throws IOException {
    // each list holds the one before twice: 2^40 texts in the last
    StringBuilder doubling = new StringBuilder("X\1\0\0\0xq\0010");
    for (int i = 0; i < 30; i++) {
      doubling.append("h\1h\1\u0086q\0010");
    }
    String program = "\u0080\2}(X\1\0\0\0a" + doubling + "h\1X\1\0\0\0bK\7u.";
    try (PyTorchCheckpoint file = open(checkpoint(program))) {
      assertEquals(Map.of("b", "7"), file.metadata());
    }
  }

  private PyTorchCheckpoint open(Path file) throws IOException {
    return PyTorchCheckpoint.open(file);
  }

  private FileFormatException refusal(Path file) {
    FileFormatException e = assertThrows(FileFormatException.class, () -> open(file).close());
    assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
    return e;
  }

  /** The program of a tensor in the storage '0'; extents and strides are programs of integers. */
  private static String view(
      String storage, int count, int offset, String extents, String strides) {
    return "ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\n"
        + storage
        + "\nX\1\0\0\0"
        + "0X\3\0\0\0cpuK"
        + (char) count
        + "tQK"
        + (char) offset
        + "("
        + extents
        + "t("
        + strides
        + "t\u0089NtR";
  }

  private Path checkpoint(String pickle) throws IOException {
    return checkpoint(pickle, 0);
  }

  /** A zip with this pickle, a byte a letter, and a storage '0' of so many bytes. */
  private Path checkpoint(String pickle, int storageBytes) throws IOException {
    Path path = Files.createTempFile(folder, "x", ".ckpt");
    AtomicFile.write(
        path,
        out -> {
          StoredZipWriter zip = new StoredZipWriter(out);
          byte[] program = pickle.getBytes(StandardCharsets.ISO_8859_1);
          zip.add("x/data.pkl", program.length, entry -> entry.write(program));
          zip.add("x/data/0", storageBytes, entry -> entry.write(new byte[storageBytes]));
          zip.finish();
        });
    return path;
  }
}
