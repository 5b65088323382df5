package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Backend;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** Opens the CPU backends. */
public final class CpuBackend {
  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private CpuBackend() {}

  /**
   * The oracle: plain loops, sums in double. For checks, not for speed.
   *
   * @param threads threads to use, the caller's included
   * @throws IllegalArgumentException if {@code threads} is below 1
   */
  public static Backend scalar(int threads) {
    return new ScalarBackend(new WorkPool(threads));
  }

  /**
   * The Vector API backend; the scalar one where this JVM has no Vector API to offer, whose reason
   * is logged once.
   *
   * @param threads threads to use, the caller's included
   * @throws IllegalArgumentException if {@code threads} is below 1
   */
  public static Backend simd(int threads) {
    return simd(threads, false);
  }

  /**
   * The same, whose 3×3 convolutions either take fewer multiplications (Winograd's F(2×2, 3×3) and
   * F(4×4, 3×3)) or, if they are to be exact, multiply as they are defined: slower, with a fraction
   * of the rounding error.
   *
   * @param threads threads to use, the caller's included
   * @param isExact without Winograd
   * @throws IllegalArgumentException if {@code threads} is below 1
   */
  public static Backend simd(int threads, boolean isExact) {
    return VectorSupport.REFUSAL == null ? VectorSupport.open(threads, isExact) : scalar(threads);
  }

  /** Decides once whether the Vector API can be used, and logs why if not. */
  private static final class VectorSupport {
    static final @Nullable String REFUSAL = refusal();

    static {
      if (REFUSAL != null) {
        Logger.getLogger(CpuBackend.class.getName())
            .warning("cpu:simd falls back to cpu:scalar: " + REFUSAL);
      }
    }

    private VectorSupport() {}

    private static @Nullable String refusal() {
      // asked before any class that names a vector is touched
      if (ModuleLayer.boot().findModule(VECTOR_MODULE).isEmpty()) {
        return "module %s is absent; start java with --add-modules %s"
            .formatted(VECTOR_MODULE, VECTOR_MODULE);
      }
      try (Backend _ = open(1, false)) {
        return null;
      } catch (LinkageError e) {
        return "the Vector API doesn't work here, " + e.getMessage();
      }
    }

    static Backend open(int threads, boolean isExact) {
      return new SimdBackend(new WorkPool(threads), isExact);
    }
  }
}
