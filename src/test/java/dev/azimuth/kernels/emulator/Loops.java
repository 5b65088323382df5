package dev.azimuth.kernels.emulator;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Constructor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntBinaryOperator;
import java.util.function.IntToLongFunction;
import java.util.function.IntUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongToIntFunction;
import java.util.function.LongUnaryOperator;

/**
 * Loops over the lanes of a warp, one class per shape of operation.
 *
 * <p>Each operation gets its own copy of the class, defined from the same bytes, so that the
 * just-in-time compiler sees one operation per loop and inlines it; a shared loop would call an
 * unknown function 32 times.
 */
final class Loops {
  private static final Map<String, Constructor<?>> COPIES = new ConcurrentHashMap<>();

  private Loops() {}

  /**
   * A step of the copy of a loop that belongs to one operation.
   *
   * @param operation the name of what {@code function} computes: the same for the same function
   */
  static Step of(Class<? extends Step> loop, String operation, Object function, int... registers) {
    Constructor<?> constructor =
        COPIES.computeIfAbsent(loop.getSimpleName() + " " + operation, _ -> copy(loop));
    Object[] arguments = new Object[registers.length + 1];
    arguments[0] = function;
    for (int i = 0; i < registers.length; i++) {
      arguments[i + 1] = registers[i];
    }
    try {
      return (Step) constructor.newInstance(arguments);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private static Constructor<?> copy(Class<? extends Step> loop) {
    String file = loop.getName().substring(loop.getPackageName().length() + 1) + ".class";
    try (InputStream in = loop.getResourceAsStream(file)) {
      Class<?> copy =
          MethodHandles.lookup().defineHiddenClass(in.readAllBytes(), true).lookupClass();
      Constructor<?> constructor = copy.getDeclaredConstructors()[0];
      constructor.setAccessible(true);
      return constructor;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  /** Three words to a word. */
  interface Ternary {
    int apply(int a, int b, int c);
  }

  /** Three longs to a long. */
  interface LongTernary {
    long apply(long a, long b, long c);
  }

  /** Two words to a long. */
  interface Widening {
    long apply(int a, int b);
  }

  /** Two words and a long to a long. */
  interface WideningSum {
    long apply(int a, int b, long c);
  }

  /** A long and a word to a long. */
  interface Shift {
    long apply(long a, int b);
  }

  /** Two words to a truth. */
  interface Comparison {
    boolean test(int a, int b);
  }

  /** Two longs to a truth. */
  interface LongComparison {
    boolean test(long a, long b);
  }

  /** {@code d = f(a)} over words. */
  static final class Words1 implements Step {
    private final IntUnaryOperator function;
    private final int d;
    private final int a;

    Words1(IntUnaryOperator function, int d, int a) {
      this.function = function;
      this.d = d;
      this.a = a;
    }

    @Override
    public void run(Warp warp, int mask) {
      int[] as = warp.words[a];
      int[] ds = warp.wordResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] = function.applyAsInt(as[i]);
      }
      warp.commit(d, mask, ds);
    }
  }

  /** {@code d = f(a, b)} over words. */
  static final class Words2 implements Step {
    private final IntBinaryOperator function;
    private final int d;
    private final int a;
    private final int b;

    Words2(IntBinaryOperator function, int d, int a, int b) {
      this.function = function;
      this.d = d;
      this.a = a;
      this.b = b;
    }

    @Override
    public void run(Warp warp, int mask) {
      int[] as = warp.words[a];
      int[] bs = warp.words[b];
      int[] ds = warp.wordResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] = function.applyAsInt(as[i], bs[i]);
      }
      warp.commit(d, mask, ds);
    }
  }

  /** {@code d = f(a, b, c)} over words. */
  static final class Words3 implements Step {
    private final Ternary function;
    private final int d;
    private final int a;
    private final int b;
    private final int c;

    Words3(Ternary function, int d, int a, int b, int c) {
      this.function = function;
      this.d = d;
      this.a = a;
      this.b = b;
      this.c = c;
    }

    @Override
    public void run(Warp warp, int mask) {
      int[] as = warp.words[a];
      int[] bs = warp.words[b];
      int[] cs = warp.words[c];
      int[] ds = warp.wordResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] = function.apply(as[i], bs[i], cs[i]);
      }
      warp.commit(d, mask, ds);
    }
  }

  /** {@code d = f(a)} over longs. */
  static final class Longs1 implements Step {
    private final LongUnaryOperator function;
    private final int d;
    private final int a;

    Longs1(LongUnaryOperator function, int d, int a) {
      this.function = function;
      this.d = d;
      this.a = a;
    }

    @Override
    public void run(Warp warp, int mask) {
      long[] as = warp.longs[a];
      long[] ds = warp.longResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] = function.applyAsLong(as[i]);
      }
      warp.commit(d, mask, ds);
    }
  }

  /** {@code d = f(a, b)} over longs. */
  static final class Longs2 implements Step {
    private final LongBinaryOperator function;
    private final int d;
    private final int a;
    private final int b;

    Longs2(LongBinaryOperator function, int d, int a, int b) {
      this.function = function;
      this.d = d;
      this.a = a;
      this.b = b;
    }

    @Override
    public void run(Warp warp, int mask) {
      long[] as = warp.longs[a];
      long[] bs = warp.longs[b];
      long[] ds = warp.longResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] = function.applyAsLong(as[i], bs[i]);
      }
      warp.commit(d, mask, ds);
    }
  }

  /** {@code d = f(a, b, c)} over longs. */
  static final class Longs3 implements Step {
    private final LongTernary function;
    private final int d;
    private final int a;
    private final int b;
    private final int c;

    Longs3(LongTernary function, int d, int a, int b, int c) {
      this.function = function;
      this.d = d;
      this.a = a;
      this.b = b;
      this.c = c;
    }

    @Override
    public void run(Warp warp, int mask) {
      long[] as = warp.longs[a];
      long[] bs = warp.longs[b];
      long[] cs = warp.longs[c];
      long[] ds = warp.longResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] = function.apply(as[i], bs[i], cs[i]);
      }
      warp.commit(d, mask, ds);
    }
  }

  /** {@code d = f(a)}, a word to a long. */
  static final class Widen1 implements Step {
    private final IntToLongFunction function;
    private final int d;
    private final int a;

    Widen1(IntToLongFunction function, int d, int a) {
      this.function = function;
      this.d = d;
      this.a = a;
    }

    @Override
    public void run(Warp warp, int mask) {
      int[] as = warp.words[a];
      long[] ds = warp.longResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] = function.applyAsLong(as[i]);
      }
      warp.commit(d, mask, ds);
    }
  }

  /** {@code d = f(a, b)}, words to a long. */
  static final class Widen2 implements Step {
    private final Widening function;
    private final int d;
    private final int a;
    private final int b;

    Widen2(Widening function, int d, int a, int b) {
      this.function = function;
      this.d = d;
      this.a = a;
      this.b = b;
    }

    @Override
    public void run(Warp warp, int mask) {
      int[] as = warp.words[a];
      int[] bs = warp.words[b];
      long[] ds = warp.longResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] = function.apply(as[i], bs[i]);
      }
      warp.commit(d, mask, ds);
    }
  }

  /** {@code d = f(a, b, c)}, words and a long to a long. */
  static final class Widen3 implements Step {
    private final WideningSum function;
    private final int d;
    private final int a;
    private final int b;
    private final int c;

    Widen3(WideningSum function, int d, int a, int b, int c) {
      this.function = function;
      this.d = d;
      this.a = a;
      this.b = b;
      this.c = c;
    }

    @Override
    public void run(Warp warp, int mask) {
      int[] as = warp.words[a];
      int[] bs = warp.words[b];
      long[] cs = warp.longs[c];
      long[] ds = warp.longResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] = function.apply(as[i], bs[i], cs[i]);
      }
      warp.commit(d, mask, ds);
    }
  }

  /** {@code d = f(a)}, a long to a word. */
  static final class Narrow1 implements Step {
    private final LongToIntFunction function;
    private final int d;
    private final int a;

    Narrow1(LongToIntFunction function, int d, int a) {
      this.function = function;
      this.d = d;
      this.a = a;
    }

    @Override
    public void run(Warp warp, int mask) {
      long[] as = warp.longs[a];
      int[] ds = warp.wordResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] = function.applyAsInt(as[i]);
      }
      warp.commit(d, mask, ds);
    }
  }

  /** {@code d = f(a, b)}, a long shifted by a word. */
  static final class ShiftLongs implements Step {
    private final Shift function;
    private final int d;
    private final int a;
    private final int b;

    ShiftLongs(Shift function, int d, int a, int b) {
      this.function = function;
      this.d = d;
      this.a = a;
      this.b = b;
    }

    @Override
    public void run(Warp warp, int mask) {
      long[] as = warp.longs[a];
      int[] bs = warp.words[b];
      long[] ds = warp.longResult(d, mask);
      for (int i = 0; i < Warp.LANES; i++) {
        ds[i] = function.apply(as[i], bs[i]);
      }
      warp.commit(d, mask, ds);
    }
  }

  /** {@code d = f(a, b)}, words to a predicate. */
  static final class CompareWords implements Step {
    private final Comparison function;
    private final int d;
    private final int a;
    private final int b;

    CompareWords(Comparison function, int d, int a, int b) {
      this.function = function;
      this.d = d;
      this.a = a;
      this.b = b;
    }

    @Override
    public void run(Warp warp, int mask) {
      int[] as = warp.words[a];
      int[] bs = warp.words[b];
      int truths = 0;
      for (int i = 0; i < Warp.LANES; i++) {
        truths |= function.test(as[i], bs[i]) ? 1 << i : 0;
      }
      warp.predicates[d] = (warp.predicates[d] & ~mask) | (truths & mask);
    }
  }

  /** {@code d = f(a, b)}, longs to a predicate. */
  static final class CompareLongs implements Step {
    private final LongComparison function;
    private final int d;
    private final int a;
    private final int b;

    CompareLongs(LongComparison function, int d, int a, int b) {
      this.function = function;
      this.d = d;
      this.a = a;
      this.b = b;
    }

    @Override
    public void run(Warp warp, int mask) {
      long[] as = warp.longs[a];
      long[] bs = warp.longs[b];
      int truths = 0;
      for (int i = 0; i < Warp.LANES; i++) {
        truths |= function.test(as[i], bs[i]) ? 1 << i : 0;
      }
      warp.predicates[d] = (warp.predicates[d] & ~mask) | (truths & mask);
    }
  }
}
