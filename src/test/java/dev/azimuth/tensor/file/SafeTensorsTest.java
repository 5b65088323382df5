package dev.azimuth.tensor.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {
  @TempDir Path folder;

  @Test
  void readsAFileOfTheReference() throws IOException {
    try (SafeTensors file = SafeTensors.open(TestFiles.reference("formats/views.safetensors"))) {
      assertEquals(Map.of("format", "pt"), file.metadata());
      assertEquals(22, file.names().size());
      assertTrue(file.names().contains("schlüssel.ünïcode"));
      SafeTensors.Entry scalar = file.entry("scalar");
      assertEquals(0, scalar.shape().length);
      assertEquals(1, scalar.floats().length);
      assertEquals(0, file.entry("empty").floats().length);
      assertArrayEquals(new int[] {0, 3}, file.entry("empty").shape());
      // two views of one matrix, each stored in its own order
      float[] straight = file.entry("untransposed").floats();
      float[] turned = file.entry("transposed").floats();
      for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 4; j++) {
          assertEquals(straight[4 * i + j], turned[6 * j + i]);
        }
      }
    }
  }

  @Test
  void missingNamesAreReported() throws IOException {
    try (SafeTensors file = SafeTensors.open(TestFiles.reference("formats/views.safetensors"))) {
      FileFormatException e = assertThrows(FileFormatException.class, () -> file.entry("no\nne"));
      assertTrue(e.getMessage().endsWith(": there is no tensor 'no?ne'"), e.getMessage());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"F64", "F32", "F16", "BF16"})
  void floatingPointTypesSurviveTheRoundTrip(ElementType type) throws IOException {
    // representable in all four types, special values included
    float[] values = {
      0f, -0f, 1f, -1.5f, 0.25f, 240f, 0x1p-14f, Float.NaN, Float.NEGATIVE_INFINITY, 3.140625f
    };
    Path path = folder.resolve("a.safetensors");
    new SafeTensorsWriter().add("x", new int[] {2, 5}, values, type).write(path);
    try (SafeTensors file = SafeTensors.open(path)) {
      SafeTensors.Entry x = file.entry("x");
      assertEquals(type, x.type());
      assertEquals(10, x.count());
      assertEquals(10L * type.bytes(), x.data().byteSize());
      assertArrayEquals(new int[] {2, 5}, x.shape());
      assertArrayEquals(values, x.floats());
      assertArrayEquals(widen(values), x.doubles());
      assertThrows(FileFormatException.class, x::longs);
    }
    new SafeTensorsWriter().add("x", new int[] {10}, widen(values), type).write(path);
    try (SafeTensors file = SafeTensors.open(path)) {
      assertArrayEquals(widen(values), file.entry("x").doubles());
    }
  }

  private static double[] widen(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"F64", "F32", "F16", "BF16"})
  void integerTypesSurviveTheRoundTrip(ElementType type) throws IOException {
    boolean signed = type.name().startsWith("I");
    int bits = type == ElementType.BOOL ? 1 : 8 * type.bytes() - (signed ? 1 : 0);
    long max = bits >= 63 ? Long.MAX_VALUE : (1L << bits) - 1;
    long[] values = {0, 1, max, max / 2, signed ? -max - 1 : 0, signed ? -1 : 1};
    Path path = folder.resolve("a.safetensors");
    new SafeTensorsWriter().add("i", new int[] {6}, values, type).write(path);
    try (SafeTensors file = SafeTensors.open(path)) {
      SafeTensors.Entry i = file.entry("i");
      assertEquals(type, i.type());
      assertArrayEquals(values, i.longs());
      assertArrayEquals(LongStream.of(values).asDoubleStream().toArray(), i.doubles());
      float[] floats = i.floats();
      for (int k = 0; k < values.length; k++) {
        assertEquals((float) values[k], floats[k]);
      }
    }
    if (max < Long.MAX_VALUE) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new SafeTensorsWriter().add("i", new int[] {1}, new long[] {max + 1}, type));
    }
    if (!signed) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new SafeTensorsWriter().add("i", new int[] {1}, new long[] {-1}, type));
    }
  }

  @Test
  void unsignedNumbersBeyondALongAreReadAsDoublesOnly() throws IOException {
    Path path = folder.resolve("a.safetensors");
    byte[] data = new byte[8];
    Arrays.fill(data, (byte) 0xFF);
    new SafeTensorsWriter()
        .add("u", new int[0], ElementType.U64, MemorySegment.ofArray(data))
        .write(path);
    try (SafeTensors file = SafeTensors.open(path)) {
      assertArrayEquals(new double[] {0x1p64}, file.entry("u").doubles());
      assertThrows(FileFormatException.class, () -> file.entry("u").longs());
    }
  }

  @Test
  void conversionsRoundToNearestEven() throws IOException {
    float[] values = {1 + 0x1p-8f, 1 + 3 * 0x1p-8f, 1 + 0x1p-8f + 0x1p-20f, -1 - 0x1p-8f};
    Path path = folder.resolve("a.safetensors");
    new SafeTensorsWriter().add("b", new int[] {4}, values, ElementType.BF16).write(path);
    try (SafeTensors file = SafeTensors.open(path)) {
      assertArrayEquals(new float[] {1, 1 + 0x1p-6f, 1 + 0x1p-7f, -1}, file.entry("b").floats());
    }
  }

  @Test
  void everyBfloat16SurvivesTheWayThroughFloat() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = BFloat16.toFloat((short) bits);
      short back = BFloat16.fromFloat(value);
      assertTrue(
          Float.isNaN(value) ? Float.isNaN(BFloat16.toFloat(back)) : back == (short) bits,
          Integer.toHexString(bits));
    }
    // a NaN whose payload is below the upper half must not become infinite
    assertTrue(Float.isNaN(BFloat16.toFloat(BFloat16.fromFloat(Float.intBitsToFloat(0x7F800001)))));
  }

  @Test
  void valuesBeyondTheTypeAreRefused() {
    SafeTensorsWriter writer = new SafeTensorsWriter();
    int[] one = {1};
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> writer.add("w", one, new float[] {65520f}, ElementType.F16));
    assertEquals("tensor 'w': 65520.0 is beyond the range of F16", e.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> writer.add("w", one, new float[] {Float.MAX_VALUE}, ElementType.BF16));
    assertThrows(
        IllegalArgumentException.class,
        () -> writer.add("w", one, new double[] {1e39}, ElementType.F32));
    assertThrows(
        IllegalArgumentException.class,
        () -> writer.add("w", one, new float[] {1}, ElementType.I32));
  }

  @Test
  void sameTensorsGiveTheSameBytesInAnyOrder() throws IOException {
    Path a = folder.resolve("a.safetensors");
    Path b = folder.resolve("b.safetensors");
    new SafeTensorsWriter()
        .metadata("k", "v")
        .metadata("a", "quote \" back \\ line \n bell \u0007 ü 😀")
        .add("z", new int[] {1}, new long[] {1}, ElementType.U8)
        .add("y", new int[] {3}, new float[] {1, 2, 3})
        .add("b", new int[] {1}, new float[] {4}, ElementType.F16)
        .add("a", new int[] {1}, new double[] {5})
        .write(a);
    new SafeTensorsWriter()
        .add("a", new int[] {1}, new double[] {5})
        .add("b", new int[] {1}, new float[] {4}, ElementType.F16)
        .metadata("a", "quote \" back \\ line \n bell \u0007 ü 😀")
        .metadata("k", "v")
        .add("y", new int[] {3}, new float[] {1, 2, 3})
        .add("z", new int[] {1}, new long[] {1}, ElementType.U8)
        .write(b);
    assertEquals(-1, Files.mismatch(a, b));
    try (SafeTensors file = SafeTensors.open(a)) {
      assertEquals(List.of("a", "y", "b", "z"), List.copyOf(file.names()));
      assertEquals("quote \" back \\ line \n bell \u0007 ü 😀", file.metadata().get("a"));
      for (SafeTensors.Entry entry : file.entries().values()) {
        assertEquals(0, entry.data().address() % entry.type().bytes(), entry.name());
      }
    }
  }

  @Test
  void emptyFilesAndLargeTensorsSurviveTheRoundTrip() throws IOException {
    Path path = folder.resolve("a.safetensors");
    new SafeTensorsWriter().write(path);
    try (SafeTensors file = SafeTensors.open(path)) {
      assertTrue(file.names().isEmpty());
      assertTrue(file.metadata().isEmpty());
    }
    float[] large = new float[3 * 16_411];
    for (int i = 0; i < large.length; i++) {
      large[i] = (float) Math.sin(i);
    }
    new SafeTensorsWriter().add("w", new int[] {3, 16_411}, large).write(path);
    Path copy = folder.resolve("copy.safetensors");
    try (SafeTensors file = SafeTensors.open(path)) {
      assertArrayEquals(large, file.entry("w").floats());
      SafeTensors.Entry w = file.entry("w");
      new SafeTensorsWriter().add("w", w.shape(), w.type(), w.data()).write(copy);
    }
    assertEquals(-1, Files.mismatch(path, copy));
  }

  @Test
  void writerRefusesWhatTheFormatForbids() {
    SafeTensorsWriter writer = new SafeTensorsWriter().add("w", new int[] {1}, new float[1]);
    assertThrows(
        IllegalArgumentException.class, () -> writer.add("w", new int[] {1}, new float[1]));
    assertThrows(
        IllegalArgumentException.class,
        () -> writer.add("__metadata__", new int[] {1}, new float[1]));
    assertThrows(
        IllegalArgumentException.class, () -> writer.add("\uD83D", new int[] {1}, new float[1]));
    assertThrows(
        IllegalArgumentException.class, () -> writer.add("v", new int[] {2}, new float[1]));
    assertThrows(
        IllegalArgumentException.class,
        () -> writer.add("v", new int[] {1}, ElementType.F32, MemorySegment.ofArray(new byte[5])));
  }

  @Test
  void closedFilesCannotBeRead() throws IOException {
    SafeTensors file = SafeTensors.open(TestFiles.reference("formats/views.safetensors"));
    SafeTensors.Entry entry = file.entry("k");
    file.close();
    assertThrows(IllegalStateException.class, entry::floats);
  }

  @Test
  void mappedBytesAreReadOnly() throws IOException {
    try (SafeTensors file = SafeTensors.open(TestFiles.reference("formats/views.safetensors"))) {
      assertTrue(file.entry("k").data().isReadOnly());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"header-longer-than-file", "offsets-past-end", "size-mismatch"})
  void malformedSamplesAreRefused(String name) {
    Path path = TestFiles.reference("formats/bad-" + name + ".safetensors");
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> SafeTensors.open(path).close());
    assertEquals(path, e.file());
    assertTrue(e.getMessage().startsWith(path + ": "), e.getMessage());
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " {}",
        "[]",
        "{} x",
        "{\"a\":1}",
        "{\"a\":{}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"more\":1}}",
        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"f32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2e0],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[02],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],"
            + "\"data_offsets\":[0,9223372036854775807]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551618],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,0],\"data_offsets\":[0,0]},"
            + "\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,7]},"
            + "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[7,8]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[6],\"data_offsets\":[0,6]},"
            + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}",
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
            + "\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}}",
        "{\"__metadata__\":{\"a\":1},\"a\":{\"dtype\":\"F32\",\"shape\":[2],"
            + "\"data_offsets\":[0,8]}}",
        "{\"__metadata__\":{},\"__metadata__\":{},\"a\":{\"dtype\":\"F32\",\"shape\":[2],"
            + "\"data_offsets\":[0,8]}}",
        "{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2],"
            + "\"data_offsets\":[0,8]}}"
      })
  void malformedHeadersAreRefused(String header) throws IOException {
    Path path = fileWith(header, 8);
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> SafeTensors.open(path).close());
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
  }

  @Test
  void soundHeadersInOtherSpellingsAreRead() throws IOException {
    Path path =
        fileWith(
            "{ \"\\u0061\" : {\"data_offsets\":[ 0,8 ],\"shape\":[1,2],\"dtype\":\"F32\"} ,"
                + "\"empty\":{\"dtype\":\"I64\",\"shape\":[0],\"data_offsets\":[8,8]}}\n   ",
            8);
    try (SafeTensors file = SafeTensors.open(path)) {
      assertEquals(List.of("a", "empty"), List.copyOf(file.names()));
      assertArrayEquals(new float[2], file.entry("a").floats());
    }
  }

  @Test
  void truncationIsSeenAtEveryLength() throws IOException {
    byte[] whole = Files.readAllBytes(TestFiles.reference("formats/views.safetensors"));
    Path path = folder.resolve("cut.safetensors");
    for (int length = 0; length < whole.length; length++) {
      Files.write(path, Arrays.copyOf(whole, length));
      assertThrows(FileFormatException.class, () -> SafeTensors.open(path).close());
    }
  }

  private Path fileWith(String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer all = ByteBuffer.allocate(8 + text.length + dataBytes);
    all.order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).put(text);
    return Files.write(folder.resolve("x.safetensors"), all.array());
  }
}
