package dev.azimuth.tensor.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.tensor.file.SafeTensors;
import dev.azimuth.tensor.file.TestFiles;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TorchRandomTest {
  /** The uint32 draws of numpy's RandomState(20260), which is seeded alike. */
  private static final long[] DRAWS_20260 = {3975628317L, 508837425L, 762119555L, 4175533299L};

  @Test
  void twisterGivesItsPublishedTenThousandthDraw() {
    Mt19937 engine = new Mt19937(5489);
    for (int i = 1; i < 10_000; i++) {
      engine.draw();
    }
    assertEquals(4123659995L, Integer.toUnsignedLong(engine.draw()));
  }

  @Test
  void twisterGivesNumpysDraws() {
    Mt19937 engine = new Mt19937(20260);
    for (long draw : DRAWS_20260) {
      assertEquals(draw, Integer.toUnsignedLong(engine.draw()));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 20260})
  void randnGivesTheReferencesRecord(int seed) throws IOException {
    try (SafeTensors record =
        SafeTensors.open(TestFiles.reference("randn--seed" + seed + ".safetensors"))) {
      double tolerance = Double.parseDouble(record.metadata().get("tolerance"));
      assertEquals(8, record.names().size());
      for (String name : record.names()) {
        float[] expected = record.entry(name).floats();
        float[] got = new TorchRandom(seed).randn(expected.length);
        assertTrue(relativeError(got, expected) <= tolerance, name);
        // the record also has to tell a wrong generator from the right one
        float[] other = new TorchRandom(seed + 1).randn(expected.length);
        assertTrue(relativeError(other, expected) > 1e4 * tolerance, name);
      }
    }
  }

  private static double relativeError(float[] got, float[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow((double) got[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / norm);
  }

  /** Values that PyTorch's documentation and users quote. */
  @Test
  void knownValuesOfTorch() {
    assertArrayEquals(new float[] {0.4963f, 0.7682f, 0.0885f}, new TorchRandom(0).rand(3), 5e-5f);
    assertArrayEquals(new float[] {0.8823f, 0.9150f, 0.3829f}, new TorchRandom(42).rand(3), 5e-5f);
    assertArrayEquals(new int[] {2, 6, 1, 8, 4, 5, 0, 9, 3, 7}, new TorchRandom(42).randperm(10));
    assertArrayEquals(
        new long[] {4, 9, 3, 0, 3, 9, 7, 3, 7, 3}, new TorchRandom(0).randint(0, 10, 10));
  }

  @Test
  void randIsTheLow24Bits() {
    float[] expected = new float[DRAWS_20260.length];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = (DRAWS_20260[i] % (1 << 24)) / (float) (1 << 24);
    }
    assertArrayEquals(expected, new TorchRandom(20260).rand(expected.length));
  }

  @Test
  void doublesTakeTwoDrawsWithTheFirstOnTop() {
    // from numpy's draws: ((first << 32 | second) mod 2^53) / 2^53
    assertArrayEquals(
        new double[] {0.7273088066448904, 0.4069232808075455, 0.4367426970889682},
        new TorchRandom(20260).randDouble(3));
  }

  @Test
  void doubleNormalsComeInBlocksFromSixteenOn() {
    // from numpy's draws of seed 7 by the rule, with the last sixteen drawn afresh
    double[] z = new TorchRandom(7).randnDouble(18);
    assertEquals(0.06626753966449943, z[0], 1e-15);
    assertEquals(0.04699155524392409, z[1], 1e-15);
    assertEquals(0.45801695358702993, z[2], 1e-15);
    assertEquals(-0.3280001761367003, z[9], 1e-15);
    assertEquals(-1.6677291342328766, z[16], 1e-15);
    assertEquals(-1.5870322969308357, z[17], 1e-15);
  }

  @Test
  void wideRangesTakeSixtyFourBits() {
    // from numpy's draws of seed 3
    assertArrayEquals(
        new long[] {341491939444L, 926386576306L, 730544435744L},
        new TorchRandom(3).randint(-5, (1L << 40) + 12340, 3));
    assertArrayEquals(
        new long[] {937055941807507096L, 3839649608876091011L, -3857126681373350968L},
        new TorchRandom(3).randint(Long.MIN_VALUE, Long.MAX_VALUE, 3));
    assertArrayEquals(
        new long[] {2365657986L, 303760048L, 41470718L},
        new TorchRandom(3).randint(-1000, 2999999019L, 3));
  }

  @Test
  void secondOfAPairWaitsForTheNextSmallCall() {
    double[] together = new TorchRandom(11).randnDouble(4);
    TorchRandom random = new TorchRandom(11);
    assertEquals(together[0], random.randnDouble(1)[0]);
    // a large call in between draws, but leaves the waiting number alone
    random.randn(16);
    assertEquals(together[1], random.randnDouble(1)[0]);
    // and float32 calls share it
    TorchRandom mixed = new TorchRandom(11);
    mixed.randnDouble(1);
    assertEquals((float) together[1], mixed.randn(1)[0]);
    assertEquals(together[2], mixed.randnDouble(1)[0]);
  }

  @Test
  void onlyTheLow32BitsOfASeedCount() {
    assertArrayEquals(new TorchRandom(9).rand(5), new TorchRandom(9 + (7L << 32)).rand(5));
    assertArrayEquals(new TorchRandom(0xFFFF_FFFFL).rand(5), new TorchRandom(-1).rand(5));
  }

  @Test
  void permutationsHoldEveryNumberOnce() {
    for (int n : new int[] {0, 1, 2, 100, 1000}) {
      int[] permutation = new TorchRandom(5).randperm(n);
      assertArrayEquals(
          IntStream.range(0, n).toArray(), Arrays.stream(permutation).sorted().toArray());
    }
  }

  @Test
  void normalsHaveMeanZeroAndVarianceOne() {
    int n = 1 << 20;
    double sum = 0;
    double squares = 0;
    for (float z : new TorchRandom(123).randn(n)) {
      sum += z;
      squares += (double) z * z;
    }
    // five standard errors: 1/sqrt(n) of the mean, sqrt(2/n) of the variance
    assertEquals(0, sum / n, 5 / Math.sqrt(n));
    assertEquals(1, squares / n, 5 * Math.sqrt(2.0 / n));
  }

  @Test
  void stateContinuesTheSequence() {
    TorchRandom random = new TorchRandom(77);
    List<Consumer<TorchRandom>> draws =
        List.of(r -> {}, r -> r.randn(3), r -> r.rand(621), r -> r.randn(1000));
    for (Consumer<TorchRandom> before : draws) {
      before.accept(random);
      TorchRandom.State state = random.state();
      TorchRandom.State copy = TorchRandom.State.fromLongs(state.toLongs());
      assertEquals(state, copy);
      assertEquals(state.hashCode(), copy.hashCode());
      TorchRandom resumed = new TorchRandom(copy);
      double[] expected = random.randnDouble(5);
      assertArrayEquals(expected, resumed.randnDouble(5));
      assertArrayEquals(expected, new TorchRandom(state).randnDouble(5));
      assertEquals(random.state(), resumed.state());
      assertNotEquals(state, resumed.state());
    }
  }

  @Test
  void oneStateStartsManyGenerators() {
    TorchRandom.State state = new TorchRandom(78).state();
    float[] first = new TorchRandom(state).rand(1000);
    assertArrayEquals(first, new TorchRandom(state).rand(1000));
    assertArrayEquals(first, new TorchRandom(78).rand(1000));
  }

  @Test
  void brokenStatesAreRefused() {
    long[] good = new TorchRandom(1).state().toLongs();
    assertThrows(
        IllegalArgumentException.class,
        () -> TorchRandom.State.fromLongs(Arrays.copyOf(good, good.length - 1)));
    assertRefused(good, 0, -1);
    assertRefused(good, 0, Mt19937.WORDS + 1);
    assertRefused(good, 1, 2);
    assertRefused(good, 2, 1);
    long[] zeros = new long[good.length];
    assertThrows(IllegalArgumentException.class, () -> TorchRandom.State.fromLongs(zeros));
  }

  private static void assertRefused(long[] good, int index, long value) {
    long[] bad = good.clone();
    bad[index] = value;
    assertThrows(IllegalArgumentException.class, () -> TorchRandom.State.fromLongs(bad));
  }

  @Test
  void wrongArgumentsAreRefused() {
    TorchRandom random = new TorchRandom(0);
    assertThrows(IllegalArgumentException.class, () -> random.randn(-1));
    assertThrows(IllegalArgumentException.class, () -> random.randint(3, 3, 1));
    assertEquals(0, random.randn(0).length);
  }

  @Test
  void derivedSeedsDependOnEveryNumberAndTheirOrder() {
    Set<Long> seeds = new HashSet<>();
    for (long seed = -2; seed < 3; seed++) {
      seeds.add(TorchRandom.derive(seed));
      for (long step = -2; step < 30; step++) {
        seeds.add(TorchRandom.derive(seed, step));
        for (long sample = -2; sample < 30; sample++) {
          seeds.add(TorchRandom.derive(seed, step, sample));
        }
      }
    }
    assertEquals(5 * (1 + 32 + 32 * 32), seeds.size());
  }

  @Test
  void streamsAreReproducibleAndUncorrelated() {
    int n = 1 << 16;
    float[] a = TorchRandom.stream(1, 2, 3).randn(n);
    assertArrayEquals(a, TorchRandom.stream(1, 2, 3).randn(n));
    float[] b = TorchRandom.stream(1, 2, 4).randn(n);
    double product = 0;
    for (int i = 0; i < n; i++) {
      product += (double) a[i] * b[i];
    }
    assertEquals(0, product / n, 5 / Math.sqrt(n));
    assertFalse(Arrays.equals(a, TorchRandom.stream(1, 3, 2).randn(n)));
  }

  /** These seeds are in checkpoints' histories: their values must not change. */
  @Test
  void derivedSeedsStayTheSame() {
    assertEquals(0xe220a8397b1dcdafL, TorchRandom.derive(0));
    assertEquals(6340852410436237207L, TorchRandom.derive(1, 2, 3));
  }
}
