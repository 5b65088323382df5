package dev.azimuth.kernels.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.kernels.AttentionRung;
import dev.azimuth.kernels.CudaBackend;
import dev.azimuth.kernels.CudaOptions;
import dev.azimuth.kernels.Precision;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** FlashAttention's kernels waste little: what kernels/attention/README.md derives, counted. */
final class FlashCountersTest {
  private static final int QUERIES = 64;
  private static final int KEYS = 1024;

  /** A tile: what one warp computes of it has 16 queries. */
  private static final int TILE_KEYS = 32;

  private static final double MOST_OVER_THE_LEAST = 1.3;

  private static Counters run(int d, Precision precision) {
    EmulatedDriver driver = new EmulatedDriver(16 << 20);
    CudaOptions options = new CudaOptions(precision, AttentionRung.FLASH);
    try (CudaBackend cuda = new CudaBackend("cuda:0", driver, options)) {
      Tensor q = Tensor.full(cuda, DType.FLOAT32, Shape.of(1, QUERIES, d), 0.5);
      Tensor kv = Tensor.full(cuda, DType.FLOAT32, Shape.of(1, KEYS, d), 0.25);
      Tensor y = cuda.empty(q.shape(), DType.FLOAT32);
      Tensor logSumExp = cuda.empty(Shape.of(1, 1, QUERIES), DType.FLOAT32);
      cuda.run(new Kernel.Attention(q, kv, kv, y, logSumExp, 1, 0.1, false));
      cuda.synchronize();
      String suffix = precision == Precision.TF32 ? "tf32" : "f32";
      String kernel = "flash_%d_%s".formatted(d, suffix);
      return Objects.requireNonNull(driver.counters().get(kernel), kernel);
    }
  }

  /**
   * The fewest instructions that a warp needs for one tile and its 16 queries, with steps of eight
   * channels and columns of eight keys.
   */
  private static int fewestInstructions(int d, Precision precision) {
    int steps = d / 8;
    int columns = TILE_KEYS / 8;
    // to round an element, or to split it in two (round, subtract, round); and products of each
    int round = precision == Precision.TF32 ? 1 : 3;
    int products = precision == Precision.TF32 ? 1 : 3;
    int elements = 4 * columns; // of the tile's scores in one lane
    int scores =
        steps * (1 + 4 * round + columns / 2 + columns * (2 * round + products)); // ldmatrix x4
    int values = columns * (4 * round + steps * (2 + 2 * round + products)); // two loads
    int softmax = 5 * elements; // scale, maximum, subtract, exponential, sum
    int rows = 2 * (2 + 2 + 3) + 4 * steps; // two shuffles and maxima, the shrinking of all sums
    int copies = 2 * Math.ceilDiv(d, 16) + 2 + 2; // two tiles, waits, barriers
    return scores + values + softmax + rows + copies;
  }

  @ParameterizedTest
  @CsvSource({"40, FLOAT32", "64, FLOAT32", "40, TF32", "64, TF32"})
  void theForwardKernelIsNearTheLeastThatItsTileNeeds(int d, Precision precision) {
    Counters counters = run(d, precision);
    assertEquals(0, counters.totalBankConflicts());
    assertTrue(counters.sectorEfficiency() >= 0.9, () -> "" + counters.sectorEfficiency());
    double useful = 2.0 * QUERIES * KEYS * d;
    double perMultiplyAdd = counters.threadInstructionsWithoutMoves() / useful;
    double least = fewestInstructions(d, precision) * 32 / (2.0 * 16 * TILE_KEYS * d);
    assertTrue(
        perMultiplyAdd <= MOST_OVER_THE_LEAST * least,
        () -> "%.3f of at least %.3f".formatted(perMultiplyAdd, least));
  }
}
