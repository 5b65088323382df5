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
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpyTest {
  @TempDir Path folder;

  /** The array of make_fixtures.py. */
  private static double[] whole() {
    return IntStream.range(0, 24).mapToDouble(i -> i * 5 + 3).toArray();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "f2-little",
        "f4-little",
        "f8-little",
        "i1-little",
        "i2-little",
        "i4-little",
        "i8-little",
        "u1-little",
        "u2-little",
        "u4-little",
        "f2-big",
        "f4-big",
        "f8-big",
        "i2-big",
        "i4-big",
        "i8-big",
        "u2-big",
        "u4-big",
        "fortran-f4",
        "fortran-i8-big",
        "version2",
        "version3"
      })
  void readsWhatNumpyWrote(String name) throws IOException {
    Npy.Array array = Npy.read(TestFiles.resource("npy/" + name + ".npy"));
    assertArrayEquals(new int[] {2, 3, 4}, array.shape());
    assertArrayEquals(whole(), array.values());
  }

  @Test
  void readsTruthValuesScalarsAndSpecialNumbers() throws IOException {
    double[] truth = Arrays.stream(whole()).map(x -> x % 3 == 0 ? 1 : 0).toArray();
    assertArrayEquals(truth, Npy.read(TestFiles.resource("npy/b1.npy")).values());
    Npy.Array scalar = Npy.read(TestFiles.resource("npy/scalar.npy"));
    assertArrayEquals(new double[] {-2.5}, scalar.values());
    assertEquals(0, scalar.shape().length);
    assertArrayEquals(
        new double[] {Double.NaN, Double.POSITIVE_INFINITY, -0.0},
        Npy.read(TestFiles.resource("npy/vector.npy")).values());
    Npy.Array empty = Npy.read(TestFiles.resource("npy/empty.npy"));
    assertArrayEquals(new int[] {0, 3}, empty.shape());
    assertEquals(0, empty.values().length);
  }

  @ParameterizedTest
  @ValueSource(strings = {"pickle", "record", "complex"})
  void refusesWhatIsNoNumber(String name) {
    Path file = TestFiles.resource("npy/" + name + ".npy");
    FileFormatException e = assertThrows(FileFormatException.class, () -> Npy.read(file));
    assertEquals(file, e.file());
    assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
  }

  @Test
  void writesTheBytesThatNumpyWrites() throws IOException {
    Path file = folder.resolve("a.npy");
    Npy.write(file, whole(), 2, 3, 4);
    assertArrayEquals(Files.readAllBytes(TestFiles.resource("npy/f8-little.npy")), bytes(file));
    float[] floats = new float[24];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) whole()[i];
    }
    Npy.write(file, floats, 2, 3, 4);
    assertArrayEquals(Files.readAllBytes(TestFiles.resource("npy/f4-little.npy")), bytes(file));
    Npy.write(file, new double[] {-2.5});
    assertArrayEquals(Files.readAllBytes(TestFiles.resource("npy/scalar.npy")), bytes(file));
    Npy.write(file, new double[] {Double.NaN, Double.POSITIVE_INFINITY, -0.0}, 3);
    assertArrayEquals(Files.readAllBytes(TestFiles.resource("npy/vector.npy")), bytes(file));
    Npy.write(file, new double[0], 0, 3);
    assertArrayEquals(Files.readAllBytes(TestFiles.resource("npy/empty.npy")), bytes(file));
  }

  private static byte[] bytes(Path file) throws IOException {
    return Files.readAllBytes(file);
  }

  @Test
  void largeArraysSurviveTheRoundTrip() throws IOException {
    // more than one chunk, and no whole number of them
    double[] values = IntStream.range(0, 3 * 7001).mapToDouble(i -> Math.sin(i) * 1e300).toArray();
    Path file = folder.resolve("large.npy");
    Npy.write(file, values, 3, 7001);
    assertArrayEquals(values, Npy.read(file).values());
    float[] floats = new float[50_021];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) Math.cos(i);
    }
    Npy.write(file, floats, floats.length);
    double[] read = Npy.read(file).values();
    for (int i = 0; i < floats.length; i++) {
      assertEquals(floats[i], read[i]);
    }
  }

  @Test
  void shapesThatDoNotFitAreRefusedBeforeAnythingIsWritten() {
    Path file = folder.resolve("no.npy");
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Npy.write(file, new double[5], 2, 3));
    assertEquals("npy: shape [2, 3] has 6 values; got 5", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Npy.write(file, new double[6], -2, -3));
    assertThrows(IllegalArgumentException.class, () -> Npy.write(file, new float[2]));
    assertFalse(Files.exists(file));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), 'more': 1}",
        "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f8', 'fortran_order': False}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1 1)}",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} ()",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2147483648,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2000000000, 2000000000, 2000000000)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (0,)}",
        "{'descr': '|f8', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<F8', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,)}"
      })
  void malformedHeadersAreRefused(String header) throws IOException {
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> Npy.read(fileWith(header, 8)));
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
  }

  @Test
  void soundHeadersInOtherSpellingsAreRead() throws IOException {
    assertArrayEquals(
        new int[] {1},
        Npy.read(fileWith("{\"shape\":(1,),\"fortran_order\":True,\"descr\":\"<f8\"}", 8)).shape());
    assertArrayEquals(
        new int[] {1, 1},
        Npy.read(fileWith("{'descr':'>f8','fortran_order':True,'shape':(1,1,),}  \n", 8)).shape());
  }

  @Test
  void trailingAndMissingBytesAreRefused() throws IOException {
    String header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n";
    assertEquals(1, Npy.read(fileWith(header, 8)).values().length);
    for (int bytes : new int[] {0, 7, 9, 16}) {
      assertThrows(FileFormatException.class, () -> Npy.read(fileWith(header, bytes)));
    }
  }

  @Test
  void sizesThatWrapAroundTo64BitsAreRefused() throws IOException {
    // 2^61 values of 8 bytes: 0 bytes modulo 2^64
    String header =
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1073741824, 1073741824, 2)}";
    assertThrows(FileFormatException.class, () -> Npy.read(fileWith(header, 0)));
  }

  @Test
  void otherFilesAndMissingFilesAreRefusedByName() throws IOException {
    Path text = Files.writeString(folder.resolve("text.npy"), "not an array at all");
    assertEquals(
        text + ": not an npy file",
        assertThrows(FileFormatException.class, () -> Npy.read(text)).getMessage());
    Path empty = Files.createFile(folder.resolve("empty.npy"));
    assertThrows(FileFormatException.class, () -> Npy.read(empty));
    Path missing = folder.resolve("missing.npy");
    assertEquals(
        "cannot read " + missing + ": no such file or folder",
        assertThrows(IOException.class, () -> Npy.read(missing)).getMessage());
    assertThrows(IOException.class, () -> Npy.read(folder));
  }

  private Path fileWith(String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.US_ASCII);
    byte[] all = new byte[10 + text.length + dataBytes];
    byte[] magic = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    System.arraycopy(magic, 0, all, 0, magic.length);
    all[8] = (byte) text.length;
    all[9] = (byte) (text.length >>> 8);
    System.arraycopy(text, 0, all, 10, text.length);
    return Files.write(folder.resolve("x.npy"), all);
  }
}
