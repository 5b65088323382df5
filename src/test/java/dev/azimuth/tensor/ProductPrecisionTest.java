package dev.azimuth.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.azimuth.kernels.AttentionRung;
import dev.azimuth.kernels.CudaBackend;
import dev.azimuth.kernels.CudaOptions;
import dev.azimuth.kernels.Precision;
import dev.azimuth.kernels.emulator.EmulatedDriver;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Matrix products and convolutions on tensor cores with factors of fewer bits. */
final class ProductPrecisionTest {
  /** Of all cases, one in so many: how operands are gathered doesn't depend on the precision. */
  private static final int ONE_IN = 5;

  /** Those of a float32 that count. */
  private static int bits(Precision precision) {
    return switch (precision) {
      case FLOAT32 -> 0xFFFFFFFF;
      case TF32 -> 0xFFFFE000;
      case BFLOAT16 -> 0xFFFF0000;
    };
  }

  /** Half the distance from 1 to the next number; 0 for float32, whose products are exact. */
  static double roundoff(Precision precision) {
    return switch (precision) {
      case FLOAT32 -> 0;
      case TF32 -> 0x1p-11;
      case BFLOAT16 -> 0x1p-8;
    };
  }

  /** Numbers that a precision holds, near x. */
  static Tensor held(Precision precision, Tensor x) {
    return Draw.mapped(
        v -> Float.intBitsToFloat(Float.floatToRawIntBits((float) v) & bits(precision)), x);
  }

  private static List<Comparison> compare(Precision precision, Kernel kernel) {
    EmulatedDriver driver = new EmulatedDriver(64 << 20);
    CudaOptions options = new CudaOptions(precision, AttentionRung.FLASH);
    try (CudaBackend cuda = new CudaBackend("cuda:0", driver, options)) {
      List<Comparison> compared = KernelConformance.compare(cuda, kernel);
      assertEquals(List.of(), driver.findings());
      return compared;
    }
  }

  /** Of factors that the precision holds, products are exact, and float32's tolerances are left. */
  @TestFactory
  Stream<DynamicTest> sumsAreFloat32s() {
    List<DynamicTest> tests = new ArrayList<>();
    List<KernelCase> cases = ProductCases.all();
    for (Precision precision : List.of(Precision.TF32, Precision.BFLOAT16)) {
      for (int i = precision.ordinal(); i < cases.size(); i += ONE_IN) {
        KernelCase one = cases.get(i);
        tests.add(
            dynamicTest(
                precision + " " + one.label(),
                () -> {
                  Kernel kernel =
                      KernelOperands.mapped(one.kernel().get(), (_, x) -> held(precision, x));
                  assertEquals("", KernelConformance.misses(compare(precision, kernel)));
                }));
      }
    }
    return tests.stream();
  }

  /** Of other factors, each product is wrong by up to both factors' roundoffs, and some by much. */
  @Test
  void factorsAreRounded() {
    Draw draw = new Draw(3);
    int n = 24;
    Tensor a = Draw.mapped(v -> 1 + Math.abs(v), draw.normal(n, n));
    Tensor b = Draw.mapped(v -> 1 + Math.abs(v), draw.normal(n, n));
    int[] first = {0};
    Kernel kernel =
        new Kernel.Matmul(a, first, false, b, first, false, null, Draw.empty(1, n, n), n, n, n);
    double previous = 0;
    for (Precision precision : Precision.values()) {
      Comparison compared = compare(precision, kernel).getFirst();
      double worst = 0;
      for (int i = 0; i < n * n; i++) {
        double exact = compared.exact()[i]; // all terms are positive: also the sum of magnitudes
        worst = Math.max(worst, Math.abs(compared.got()[i] - exact) / exact);
      }
      double u = roundoff(precision);
      assertTrue(worst <= 2 * u + u * u + Tolerances.growth(n) * Tolerances.U, precision::name);
      assertTrue(worst > 4 * previous, precision + ": " + worst + " after " + previous);
      previous = worst;
    }
  }
}
