package dev.azimuth.tensor.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PyTorchCheckpointWriterTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"views", "zero123-tiny"})
  void rewrittenCheckpointsEqualTheirOriginals(String name) throws IOException {
    Path copy = folder.resolve("copy.ckpt");
    Path twin = folder.resolve("copy.safetensors");
    try (PyTorchCheckpoint original =
        PyTorchCheckpoint.open(TestFiles.reference("formats/" + name + ".ckpt"))) {
      PyTorchCheckpointWriter writer = new PyTorchCheckpointWriter();
      SafeTensorsWriter other = new SafeTensorsWriter();
      original.entries().forEach(writer::add);
      original.entries().forEach(other::add);
      writer.write(copy);
      other.write(twin);
      try (PyTorchCheckpoint read = PyTorchCheckpoint.open(copy);
          SafeTensors readToo = SafeTensors.open(twin)) {
        assertEquals(List.copyOf(original.names()), List.copyOf(read.names()));
        assertEquals(read.names().size(), readToo.names().size());
        for (StoredTensor expected : original.entries().values()) {
          for (StoredTensor actual :
              List.of(read.entry(expected.name()), readToo.entry(expected.name()))) {
            assertEquals(expected.type(), actual.type());
            assertArrayEquals(expected.shape(), actual.shape());
            assertArrayEquals(expected.bytes(), actual.bytes());
          }
        }
      }
    }
  }

  @Test
  void valuesBesideTheTensorsSurvive() throws IOException {
    Path path = folder.resolve("a.ckpt");
    new PyTorchCheckpointWriter()
        .value("epoch", 7)
        .value("global_step", 165_000)
        .value("small", -3)
        .value("wide", Long.MIN_VALUE)
        .value("word", 65_535)
        .value("rate", 1e-4)
        .value("ema", true)
        .value("text", "ü \"quoted\" \n")
        .value("state", "state_dict")
        .add("collections\nOrderedDict\n", new int[0], new float[] {1})
        .write(path);
    try (PyTorchCheckpoint file = PyTorchCheckpoint.open(path)) {
      assertEquals(
          Map.of(
              "epoch", "7",
              "global_step", "165000",
              "small", "-3",
              "wide", "-9223372036854775808",
              "word", "65535",
              "rate", "1.0E-4",
              "ema", "true",
              "text", "ü \"quoted\" \n",
              "state", "state_dict"),
          file.metadata());
      assertArrayEquals(new float[] {1}, file.entry("collections\nOrderedDict\n").floats());
    }
    assertThrows(
        IllegalArgumentException.class, () -> new PyTorchCheckpointWriter().value("state_dict", 1));
  }

  @Test
  void contentIsStoredAtMultiplesOf64() throws IOException {
    Path path = folder.resolve("a.ckpt");
    PyTorchCheckpointWriter writer = new PyTorchCheckpointWriter();
    // more names than a byte counts, and lengths that leave every remainder
    for (int i = 0; i < 300; i++) {
      writer.add("name." + i, new int[] {i}, new float[i], ElementType.F16);
    }
    writer.write(path);
    byte[] bytes = Files.readAllBytes(path);
    long data = 0;
    try (ZipFile zip = new ZipFile(path.toFile())) {
      assertEquals(303, zip.size());
      for (ZipEntry entry : zip.stream().toList()) {
        assertEquals(ZipEntry.STORED, entry.getMethod());
        // the JDK verifies the checksum
        assertEquals(entry.getSize(), zip.getInputStream(entry).readAllBytes().length);
        data += entry.getSize();
      }
    }
    assertTrue(bytes.length > data);
    try (PyTorchCheckpoint file = PyTorchCheckpoint.open(path)) {
      assertEquals(300, file.names().size());
    }
    for (int at = 0; at + 30 < bytes.length; at++) {
      if (bytes[at] == 'P' && bytes[at + 1] == 'K' && bytes[at + 2] == 3 && bytes[at + 3] == 4) {
        int name = bytes[at + 26] & 0xFF;
        int extra = bytes[at + 28] & 0xFF;
        assertEquals(0, (at + 30 + name + extra) % 64);
      }
    }
  }

  @Test
  void sameTensorsGiveTheSameBytes() throws IOException {
    Path a = folder.resolve("a.ckpt");
    Path b = folder.resolve("b.ckpt");
    for (Path path : new Path[] {a, b}) {
      new PyTorchCheckpointWriter()
          .add("w", new int[] {2}, new float[] {1, 2})
          .value("global_step", 3)
          .write(path);
    }
    assertEquals(-1, Files.mismatch(a, b));
  }

  @Test
  void tensorsAreFetchedOneAtATimeAndOnce() throws IOException {
    AtomicInteger fetched = new AtomicInteger();
    PyTorchCheckpointWriter checkpoint = new PyTorchCheckpointWriter();
    SafeTensorsWriter safetensors = new SafeTensorsWriter();
    for (int i = 0; i < 3; i++) {
      int value = i;
      TensorWriter.Source source =
          () -> {
            assertEquals(value, fetched.getAndIncrement());
            return MemorySegment.ofArray(new byte[] {(byte) value, 0});
          };
      checkpoint.add("t" + i, new int[] {2}, ElementType.I8, source);
      safetensors.add("t" + i, new int[] {2}, ElementType.I8, source);
    }
    assertEquals(0, fetched.get());
    checkpoint.write(folder.resolve("a.ckpt"));
    assertEquals(3, fetched.getAndSet(0));
    safetensors.write(folder.resolve("a.safetensors"));
    assertEquals(3, fetched.get());
    try (PyTorchCheckpoint a = PyTorchCheckpoint.open(folder.resolve("a.ckpt"));
        SafeTensors b = SafeTensors.open(folder.resolve("a.safetensors"))) {
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(new long[] {i, 0}, a.entry("t" + i).longs());
        assertArrayEquals(new long[] {i, 0}, b.entry("t" + i).longs());
      }
    }
  }

  @Test
  void aSourceOfTheWrongSizeLeavesNoFile() throws IOException {
    Path path = folder.resolve("a.ckpt");
    PyTorchCheckpointWriter writer =
        new PyTorchCheckpointWriter()
            .add("w", new int[] {2}, ElementType.F32, () -> MemorySegment.ofArray(new byte[7]));
    assertEquals(
        "tensor 'w': 8 bytes were announced; got 7",
        assertThrows(IllegalArgumentException.class, () -> writer.write(path)).getMessage());
    try (var files = Files.list(folder)) {
      assertFalse(files.findAny().isPresent());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"U16", "U32", "U64"})
  void typesWithoutAStorageAreRefused(ElementType type) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new PyTorchCheckpointWriter().add("w", new int[] {1}, new long[1], type));
    assertEquals("tensor 'w': PyTorch checkpoints hold no " + type, e.getMessage());
  }
}
