package dev.azimuth.tensor.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mutated files end in an {@link IOException} or a load that makes sense, and take no memory. */
class FileFuzzTest {
  private static final int MUTATIONS = 10_000;

  /** The chunk of 64 KiB that npy reads by, the values of some kilobytes, and small change. */
  private static final long MAX_ALLOCATED = 256 << 10;

  private static final String[] SPLICES = {
    "[[[[[[[[[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":{\"a\":",
    "99999999999999999999",
    "4294967296",
    "2147483647",
    "9223372036854775807",
    "-1",
    "\"",
    "'",
    "\\u",
    "\\uD800",
    "(",
    "((((((((",
    ",",
    "]",
    "}",
    ":",
    "0",
    "1e9",
    "null",
    "__metadata__",
    "__import__('os')",
    "\u0000",
    "F64",
    "U8",
    " "
  };

  @TempDir Path folder;

  @FunctionalInterface
  private interface Load {
    /** Reads everything there is and returns the number of values. */
    long load(Path file) throws IOException;
  }

  @Test
  void mutatedSafetensors() throws IOException {
    Path small = folder.resolve("seed.safetensors");
    new SafeTensorsWriter()
        .metadata("config", "{\"a\": 1}")
        .add("w", new int[] {2, 3}, new float[] {1, 2, 3, 4, 5, 6})
        .add("i", new int[] {2}, new long[] {1, 2})
        .add("h", new int[] {3}, new float[] {1, 2, 3}, ElementType.F16)
        .add("s", new int[0], new double[] {1})
        .write(small);
    fuzz(small, FileFuzzTest::loadSafetensors, MUTATIONS / 2, 1);
    Path views = TestFiles.reference("formats/views.safetensors");
    fuzz(views, FileFuzzTest::loadSafetensors, MUTATIONS / 2, 2);
  }

  private static long loadSafetensors(Path path) throws IOException {
    long count = 0;
    try (SafeTensors file = SafeTensors.open(path)) {
      for (SafeTensors.Entry entry : file.entries().values()) {
        long product = Arrays.stream(entry.shape()).asLongStream().reduce(1, (a, b) -> a * b);
        assertEquals(product, entry.count());
        assertEquals(product, entry.floats().length);
        assertEquals(product, entry.doubles().length);
        if (!entry.type().isFloatingPoint() && entry.type() != ElementType.U64) {
          assertEquals(product, entry.longs().length);
        }
        count += product;
      }
    }
    return count;
  }

  @Test
  void mutatedNpy() throws IOException {
    for (String name : new String[] {"f4-little", "fortran-i8-big", "version3", "scalar"}) {
      Path seed = TestFiles.resource("npy/" + name + ".npy");
      fuzz(seed, FileFuzzTest::loadNpy, MUTATIONS / 4, name.hashCode());
    }
  }

  private static long loadNpy(Path path) throws IOException {
    Npy.Array array = Npy.read(path);
    int product = Arrays.stream(array.shape()).reduce(1, (a, b) -> a * b);
    assertEquals(product, array.values().length);
    return product;
  }

  @Test
  void mutatedJson() throws IOException {
    Path path = folder.resolve("seed.json");
    Files.writeString(
        path,
        "{\"a\": [1, -2.5e3, null, true, \"x\\u00e9\\n\"], \"b\": {\"c\": {}, \"d\": false}}");
    fuzz(
        path,
        file -> {
          assertNotNull(Json.read(file));
          return 0;
        },
        MUTATIONS,
        3);
  }

  private void fuzz(Path seed, Load load, int mutations, long randomSeed) throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Random random = new Random(randomSeed);
    byte[] good = Files.readAllBytes(seed);
    load.load(seed);
    int loaded = 0;
    for (int i = 0; i < mutations; i++) {
      byte[] bad = mutate(good, random);
      // deleting and creating anew: a file must not change while it is mapped
      Path file = folder.resolve("mutated-" + i);
      Files.write(file, bad);
      long before = threads.getCurrentThreadAllocatedBytes();
      try {
        load.load(file);
        loaded++;
      } catch (IOException e) {
        String message = e.getMessage();
        assertTrue(message.contains(file.toString()) && !message.contains("\n"), message);
      } catch (RuntimeException | Error e) {
        throw new AssertionError("mutation " + i + " of " + seed + " under seed " + randomSeed, e);
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(allocated < MAX_ALLOCATED, "mutation " + i + " allocated " + allocated);
      Files.delete(file);
    }
    // mutations of the values load, those of the header mostly don't: both must have happened
    assertTrue(loaded > 0 && loaded < mutations, "loaded " + loaded);
  }

  private static byte[] mutate(byte[] good, Random random) {
    byte[] bad = good.clone();
    for (int times = 1 + random.nextInt(3); times > 0; times--) {
      int at = random.nextInt(Math.max(1, bad.length));
      bad =
          switch (bad.length == 0 ? 4 : random.nextInt(7)) {
            case 0, 1 -> {
              bad[at] ^= (byte) (1 << random.nextInt(8));
              yield bad;
            }
            case 2 -> Arrays.copyOf(bad, at);
            case 3 -> {
              // lengths stand in the first bytes
              bad[Math.min(random.nextInt(12), bad.length - 1)] = (byte) random.nextInt(256);
              yield bad;
            }
            case 4 -> splice(bad, at, 0, SPLICES[random.nextInt(SPLICES.length)]);
            case 5 ->
                splice(bad, at, 1 + random.nextInt(8), SPLICES[random.nextInt(SPLICES.length)]);
            default -> {
              int length = Math.min(random.nextInt(40), bad.length - at);
              String piece = new String(bad, at, length, StandardCharsets.ISO_8859_1);
              yield splice(bad, random.nextInt(bad.length), 0, piece);
            }
          };
    }
    return bad;
  }

  private static byte[] splice(byte[] bytes, int at, int removed, String inserted) {
    byte[] piece = inserted.getBytes(StandardCharsets.ISO_8859_1);
    int rest = Math.min(bytes.length, at + removed);
    byte[] result = Arrays.copyOf(bytes, at + piece.length + bytes.length - rest);
    System.arraycopy(piece, 0, result, at, piece.length);
    System.arraycopy(bytes, rest, result, at + piece.length, bytes.length - rest);
    return result;
  }
}
