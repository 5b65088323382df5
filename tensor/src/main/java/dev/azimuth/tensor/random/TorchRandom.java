package dev.azimuth.tensor.random;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The random numbers of PyTorch's CPU generator: {@code new TorchRandom(s).randn(n)} gives the
 * values of {@code torch.manual_seed(s); torch.randn(n)}.
 *
 * <p>Uniform numbers, integers and permutations are equal bit for bit. Normal numbers come from the
 * same draws; PyTorch's vectorised logarithm and cosine differ from exact ones by about 2e-7, ours
 * are correct to float32 rounding and are the same bits on every processor.
 *
 * <p>An instance is mutable and belongs to one thread at a time. Nothing is shared between
 * instances; threads and steps that must not depend on each other's order take one each from {@link
 * #stream}.
 *
 * <p>Source: PyTorch 1.13, {@code ATen/CPUGeneratorImpl.cpp}, {@code
 * ATen/core/DistributionsHelper.h}, {@code ATen/native/cpu/DistributionTemplates.h}.
 */
public final class TorchRandom {
  /** From this size on PyTorch draws normal numbers in blocks, below it one after the other. */
  private static final int BLOCK = 16;

  private static final float FLOAT_UNIT = 0x1p-24f;
  private static final double DOUBLE_UNIT = 0x1p-53;

  /** The increment of SplitMix64: 2^64 over the golden ratio, made odd. */
  private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;

  private final Mt19937 engine;

  /** The second half of the last pair of a small {@link #randn}, to be given out first. */
  private @Nullable Double waiting;

  /**
   * A generator as after {@code torch.manual_seed(seed)}. Only the low 32 bits of the seed count,
   * as in PyTorch.
   */
  public TorchRandom(long seed) {
    this.engine = new Mt19937((int) seed);
  }

  /** A generator that continues where {@code state} was taken. */
  public TorchRandom(State state) {
    this.engine = new Mt19937(state.words.clone(), state.next);
    this.waiting = state.waiting;
  }

  private TorchRandom(Mt19937 engine) {
    this.engine = engine;
  }

  /**
   * A seed for one place in a computation, such as {@code derive(seed, step, sample)}: a hash of
   * all numbers and their order. Note that a {@link #TorchRandom(long)} made of it keeps only 32
   * bits; {@link #stream} keeps all 64.
   *
   * <p>Source: the finaliser of SplitMix64; Steele, Lea, Flood, "Fast splittable pseudorandom
   * number generators", 2014.
   */
  public static long derive(long seed, long... path) {
    long hash = mix(seed + GOLDEN);
    for (long part : path) {
      hash = mix((hash + GOLDEN) ^ mix(part + GOLDEN));
    }
    return hash;
  }

  /**
   * An independent generator for one place in a computation, such as {@code stream(seed, step,
   * sample)}. Its numbers are those of a Mersenne Twister that no {@code manual_seed} reaches.
   */
  public static TorchRandom stream(long seed, long... path) {
    long counter = derive(seed, path);
    int[] words = new int[Mt19937.WORDS];
    for (int i = 0; i < words.length; i++) {
      counter += GOLDEN;
      words[i] = (int) (mix(counter) >>> 32);
    }
    return new TorchRandom(new Mt19937(words, words.length));
  }

  /** {@code n} uniform numbers in [0, 1), multiples of 2^-24: {@code torch.rand(n)}. */
  public float[] rand(int n) {
    float[] values = new float[checkSize("rand", n)];
    for (int i = 0; i < n; i++) {
      values[i] = uniformFloat();
    }
    return values;
  }

  /**
   * {@code n} uniform numbers in [0, 1), multiples of 2^-53: {@code torch.rand(n,
   * dtype=torch.float64)}. Each takes two 32-bit draws.
   */
  public double[] randDouble(int n) {
    double[] values = new double[checkSize("rand", n)];
    for (int i = 0; i < n; i++) {
      values[i] = uniformDouble();
    }
    return values;
  }

  /**
   * {@code n} normal numbers: {@code torch.randn(n)}.
   *
   * <p>Below 16 values PyTorch makes pairs in float64; the second of a pair that a call has no use
   * for waits in the generator for the next call below 16 values, of either type.
   */
  public float[] randn(int n) {
    float[] values = new float[checkSize("randn", n)];
    if (n < BLOCK) {
      for (int i = 0; i < n; i++) {
        values[i] = (float) normal();
      }
      return values;
    }
    for (int i = 0; i < n; i++) {
      values[i] = uniformFloat();
    }
    for (int start = 0; start + BLOCK <= n; start += BLOCK) {
      transform(values, start);
    }
    if (n % BLOCK != 0) {
      for (int i = n - BLOCK; i < n; i++) {
        values[i] = uniformFloat();
      }
      transform(values, n - BLOCK);
    }
    return values;
  }

  /**
   * {@code n} normal numbers: {@code torch.randn(n, dtype=torch.float64)}, from 53-bit uniforms.
   * From 16 values on they are other numbers than those of {@link #randn}.
   */
  public double[] randnDouble(int n) {
    double[] values = new double[checkSize("randn", n)];
    if (n < BLOCK) {
      for (int i = 0; i < n; i++) {
        values[i] = normal();
      }
      return values;
    }
    for (int i = 0; i < n; i++) {
      values[i] = uniformDouble();
    }
    for (int start = 0; start + BLOCK <= n; start += BLOCK) {
      transform(values, start);
    }
    if (n % BLOCK != 0) {
      for (int i = n - BLOCK; i < n; i++) {
        values[i] = uniformDouble();
      }
      transform(values, n - BLOCK);
    }
    return values;
  }

  /**
   * {@code n} integers in [low, high): {@code torch.randint(low, high, (n,))}.
   *
   * <p>A range below 2^32 takes one 32-bit draw each, a wider one 64 bits. (PyTorch from 2.6 on
   * changes to 64 bits at 2^28.)
   *
   * @throws IllegalArgumentException unless low &lt; high
   */
  public long[] randint(long low, long high, int n) {
    if (low >= high) {
      throw new IllegalArgumentException(
          "randint: low must be below high; got low " + low + ", high " + high);
    }
    long[] values = new long[checkSize("randint", n)];
    // unsigned: the range of [Long.MIN_VALUE, Long.MAX_VALUE) exceeds a signed long
    long range = high - low;
    boolean wide = range >>> 32 != 0;
    for (int i = 0; i < n; i++) {
      long bits = wide ? draw64() : engine.draw() & 0xFFFF_FFFFL;
      values[i] = Long.remainderUnsigned(bits, range) + low;
    }
    return values;
  }

  /** The integers 0 to n - 1 in random order: {@code torch.randperm(n)}. */
  public int[] randperm(int n) {
    int[] values = new int[checkSize("randperm", n)];
    for (int i = 0; i < n; i++) {
      values[i] = i;
    }
    for (int i = 0; i < n - 1; i++) {
      int j = i + Integer.remainderUnsigned(engine.draw(), n - i);
      int value = values[i];
      values[i] = values[j];
      values[j] = value;
    }
    return values;
  }

  /** Everything that decides the numbers to come; a copy that later draws don't change. */
  public State state() {
    return new State(engine.words(), engine.next(), waiting);
  }

  private float uniformFloat() {
    return (engine.draw() & 0xFF_FFFF) * FLOAT_UNIT;
  }

  private double uniformDouble() {
    return (draw64() & ((1L << 53) - 1)) * DOUBLE_UNIT;
  }

  /** Two draws, the first one on top. */
  private long draw64() {
    long high = engine.draw();
    return high << 32 | (engine.draw() & 0xFFFF_FFFFL);
  }

  private double normal() {
    Double second = waiting;
    if (second != null) {
      waiting = null;
      return second;
    }
    double angle = uniformDouble();
    double r = BoxMuller.radius(uniformDouble());
    waiting = r * BoxMuller.sinTurn(angle);
    return r * BoxMuller.cosTurn(angle);
  }

  /** Sixteen uniforms to sixteen normals: value j of the first half pairs with value j + 8. */
  private static void transform(float[] values, int start) {
    for (int j = start; j < start + BLOCK / 2; j++) {
      double r = BoxMuller.radius(values[j]);
      double angle = values[j + BLOCK / 2];
      values[j] = (float) (r * BoxMuller.cosTurn(angle));
      values[j + BLOCK / 2] = (float) (r * BoxMuller.sinTurn(angle));
    }
  }

  private static void transform(double[] values, int start) {
    for (int j = start; j < start + BLOCK / 2; j++) {
      double r = BoxMuller.radius(values[j]);
      double angle = values[j + BLOCK / 2];
      values[j] = r * BoxMuller.cosTurn(angle);
      values[j + BLOCK / 2] = r * BoxMuller.sinTurn(angle);
    }
  }

  private static int checkSize(String op, int n) {
    if (n < 0) {
      throw new IllegalArgumentException(op + ": the count must not be negative; got " + n);
    }
    return n;
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
    return z ^ (z >>> 31);
  }

  /**
   * A generator's state as a value, for checkpoints.
   *
   * <p>{@link #toLongs} and {@link #fromLongs} turn it into {@value #LONGS} numbers and back: the
   * position of the next draw; 1 if a normal number is waiting; the bits of that number; then the
   * twister's 624 words, two in each, the first in the low half.
   */
  public static final class State {
    /** The length of {@link #toLongs}. */
    public static final int LONGS = 3 + Mt19937.WORDS / 2;

    private final int[] words;
    private final int next;
    private final @Nullable Double waiting;

    private State(int[] words, int next, @Nullable Double waiting) {
      this.words = words;
      this.next = next;
      this.waiting = waiting;
    }

    /** The state as numbers. */
    public long[] toLongs() {
      long[] numbers = new long[LONGS];
      numbers[0] = next;
      if (waiting != null) {
        numbers[1] = 1;
        numbers[2] = Double.doubleToRawLongBits(waiting);
      }
      for (int i = 0; i < words.length; i += 2) {
        numbers[3 + i / 2] = (long) words[i + 1] << 32 | (words[i] & 0xFFFF_FFFFL);
      }
      return numbers;
    }

    /**
     * The state of {@link #toLongs}.
     *
     * @throws IllegalArgumentException if the numbers are no generator's state
     */
    public static State fromLongs(long... numbers) {
      if (numbers.length != LONGS) {
        throw new IllegalArgumentException(
            "random state: expected " + LONGS + " numbers; got " + numbers.length);
      }
      boolean sound = numbers[0] >= 0 && numbers[0] <= Mt19937.WORDS && numbers[1] >>> 1 == 0;
      double waiting = Double.longBitsToDouble(numbers[2]);
      sound &= numbers[1] == 1 ? Double.isFinite(waiting) : numbers[2] == 0;
      int[] words = new int[Mt19937.WORDS];
      for (int i = 0; i < words.length; i += 2) {
        words[i] = (int) numbers[3 + i / 2];
        words[i + 1] = (int) (numbers[3 + i / 2] >>> 32);
      }
      if (!sound || Arrays.stream(words).allMatch(word -> word == 0)) {
        throw new IllegalArgumentException("random state: the numbers are no generator's state");
      }
      return new State(words, (int) numbers[0], numbers[1] == 1 ? waiting : null);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof State that && Arrays.equals(toLongs(), that.toLongs());
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(words) + next;
    }

    @Override
    public String toString() {
      return "State[next=" + next + ", hash=" + Integer.toHexString(Arrays.hashCode(words)) + "]";
    }
  }
}
