package dev.azimuth.tensor.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mutated files end in an {@link IOException} or a load that makes sense, and take no memory. */
class FileFuzzTest {
  private static final int MUTATIONS = 10_000;

  /** The JDK's classes that a first message loads, 64 KiB by which npy reads, and some values. */
  private static final long MAX_ALLOCATED = 512 << 10;

  /** What opening may take in any file, by {@link MemoryBudget}, and a first message's classes. */
  private static final long MAX_TO_OPEN = (1 << 20) + MAX_ALLOCATED;

  private static final long MAX_NANOSECONDS = 2_000_000_000L;

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

  /** What makes a pickle call, nest, grow or recall, and lengths and sizes that lie. */
  private static final String[] PICKLE_SPLICES = {
    "(((((((((((((((((((((((((((((((((",
    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    "}}}}}}}}}}}}}}}}",
    "aaaaaaaaaaaaaaaa",
    "cos\nsystem\n",
    "cposix\nsystem\nX\2\0\0\0ls\u0085R",
    "cforeign\nThing\n)R",
    "ccollections\nOrderedDict\n)R",
    "ctorch._utils\n_rebuild_tensor_v2\n",
    "ctorch\nLongStorage\n",
    "ctorch\nQInt8Storage\n",
    "h\0",
    "h\1",
    "j\377\377\377\177",
    "q\377",
    "r\377\377\377\377",
    "r\20\0\0\0",
    "\u0094\u0094\u0094\u0094",
    "2222222222222222\u0085\u0086\u0087",
    "t",
    "R",
    "Q",
    "b",
    "o",
    "s",
    "u",
    "e",
    ".",
    "0",
    "1",
    "N",
    "K\377",
    "J\377\377\377\377",
    "J\377\377\377\177",
    "\u008a\10\377\377\377\377\377\377\377\177",
    "\u008a\377",
    "\u008b\377\377\377\177",
    "X\377\377\377\377",
    "B\377\377\377\177",
    "T\0\0\0\u0080",
    "\u008d\377\377\377\377\377\377\377\177",
    "\u0096\0\0\0\0\0\1\0\0",
    "PK\1\2",
    "PK\3\4",
    "PK\5\6",
    "PK\6\6",
    "PK\6\7",
    "\377\377\377\377",
    "\377\377\377\377\377\377\377\177",
    "\0\0\0\0\0\0\0\u0080",
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

  /** Classes and pattern switches are loaded before what opening takes is measured. */
  @BeforeAll
  static void openOnce() throws IOException {
    PyTorchCheckpoint.open(TestFiles.reference("formats/views.ckpt")).close();
    PyTorchCheckpoint.open(TestFiles.reference("formats/legacy-not-zip.ckpt")).close();
    Path malicious = TestFiles.reference("formats/malicious-reduce.ckpt");
    assertThrows(FileFormatException.class, () -> PyTorchCheckpoint.open(malicious).close());
  }

  @Test
  void mutatedCheckpoints() throws IOException {
    Path small = folder.resolve("seed.ckpt");
    new PyTorchCheckpointWriter()
        .value("global_step", 1L << 40)
        .add("w", new int[] {2, 3}, new float[] {1, 2, 3, 4, 5, 6})
        .add("i", new int[] {2}, new long[] {1, 2})
        .add("s", new int[0], new double[] {1})
        .write(small);
    fuzz(small, this::loadCheckpoint, MUTATIONS / 2, 4, PICKLE_SPLICES);
    Path views = TestFiles.reference("formats/views.ckpt");
    fuzz(views, this::loadCheckpoint, MUTATIONS / 2, 5, PICKLE_SPLICES);
  }

  @Test
  void mutatedLegacyCheckpoints() throws IOException {
    Path seed = TestFiles.reference("formats/legacy-not-zip.ckpt");
    fuzz(seed, this::loadCheckpoint, MUTATIONS, 6, PICKLE_SPLICES);
  }

  /** Pickles of nothing but the instructions that make much of few bytes. */
  @Test
  void pilesOfInstructionsTakeNoMemory() throws IOException {
    String[] piles = {
      "]",
      "}",
      ")",
      "N",
      "(",
      "\u008f",
      "2",
      "K\1",
      "K\377",
      "]\u0094",
      "]q\0",
      "G12345678",
      "h\0",
      "h\0h\0\u0086q\0",
      "h\0\u0085q\0",
      "}K\1Ns",
      "}h\0h\0s",
      "X\0\0\0\0",
      "U\1x",
      "X\2\0\0\0\303\251",
      "\u008a\11\0\0\0\0\0\0\0\0\1",
      "ca\nb\n",
      "ca\nb\n)R",
      "ca\na.b.c.d.e\n",
      "C\0",
      "ccollections\nOrderedDict\n)R",
      "h\0a",
      "h\0h\0s",
      "(t",
      "(l",
      "(d",
      "(K\1K\2t",
      "I1\n",
      "L1L\n",
      "F1\n",
      "Vx\n",
      "S''\n",
      "p0\n",
      "Px\n",
      ")Q",
      "\u0082\1",
      "(ia\nb\n",
      "\u0095\0\0\0\0\0\0\0\0",
    };
    for (String start : new String[] {"]q\0", "}q\0", "X\1\0\0\0xq\0"}) {
      for (String pile : piles) {
        String program = "\u0080\4" + start + pile.repeat(300_000 / pile.length()) + ".";
        Path path = folder.resolve("pile");
        AtomicFile.write(
            path,
            out -> {
              StoredZipWriter zip = new StoredZipWriter(out);
              byte[] pickle = program.getBytes(StandardCharsets.ISO_8859_1);
              zip.add("x/data.pkl", pickle.length, entry -> entry.write(pickle));
              zip.finish();
            });
        loadWithinBounds(this::loadCheckpoint, path, start + " " + pile);
        Files.delete(path);
      }
    }
  }

  /** Opening is held to its limit, reading to what is read. */
  private long loadCheckpoint(Path path) throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    long limit = 4 * Files.size(path) + MAX_TO_OPEN;
    long count = 0;
    try (PyTorchCheckpoint file = PyTorchCheckpoint.open(path)) {
      long opened = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(opened < limit, "opening took " + opened);
      for (StoredTensor tensor : file.entries().values()) {
        before = threads.getCurrentThreadAllocatedBytes();
        long product = Arrays.stream(tensor.shape()).asLongStream().reduce(1, (a, b) -> a * b);
        assertEquals(product, tensor.count());
        assertEquals(product * tensor.type().bytes(), tensor.bytes().length);
        assertEquals(product, tensor.floats().length);
        assertEquals(product, tensor.doubles().length);
        long read = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(read < 20 * product + MAX_ALLOCATED, tensor + " took " + read);
        count += product;
      }
    } catch (FileFormatException e) {
      long opened = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(opened < limit, "refusing took " + opened);
      throw e;
    }
    return count;
  }

  private void fuzz(Path seed, Load load, int mutations, long randomSeed) throws IOException {
    // classes are loaded before what is read is measured
    load.load(seed);
    fuzz(
        seed,
        file -> {
          ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
          long before = threads.getCurrentThreadAllocatedBytes();
          try {
            return load.load(file);
          } finally {
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(allocated < MAX_ALLOCATED, "allocated " + allocated);
          }
        },
        mutations,
        randomSeed,
        SPLICES);
  }

  private void fuzz(Path seed, Load load, int mutations, long randomSeed, String[] splices)
      throws IOException {
    Random random = new Random(randomSeed);
    byte[] good = Files.readAllBytes(seed);
    load.load(seed);
    int loaded = 0;
    for (int i = 0; i < mutations; i++) {
      byte[] bad = mutate(good, random, splices);
      // deleting and creating anew: a file must not change while it is mapped
      Path file = folder.resolve("mutated-" + i);
      Files.write(file, bad);
      String which = "mutation " + i + " of " + seed + " under seed " + randomSeed;
      loaded += loadWithinBounds(load, file, which) ? 1 : 0;
      Files.delete(file);
    }
    // mutations of the values load, those of the header mostly don't: both must have happened
    assertTrue(loaded > 0 && loaded < mutations, "loaded " + loaded);
  }

  /** Whether it loaded; an {@link IOException} with a good message is the only other way. */
  private static boolean loadWithinBounds(Load load, Path file, String which) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    // not the clock's: other programs may run
    long start = threads.getCurrentThreadCpuTime();
    boolean loaded = false;
    try {
      load.load(file);
      loaded = true;
    } catch (IOException e) {
      String message = e.getMessage();
      assertTrue(message.contains(file.toString()) && !message.contains("\n"), message);
    } catch (RuntimeException | Error e) {
      throw new AssertionError(which, e);
    }
    long time = threads.getCurrentThreadCpuTime() - start;
    assertTrue(time < MAX_NANOSECONDS, which + " took " + time / 1_000_000 + " ms");
    return loaded;
  }

  private static byte[] mutate(byte[] good, Random random, String[] splices) {
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
            case 4 -> splice(bad, at, 0, splices[random.nextInt(splices.length)]);
            case 5 ->
                splice(bad, at, 1 + random.nextInt(8), splices[random.nextInt(splices.length)]);
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
