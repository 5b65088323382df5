package dev.azimuth.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.kernels.emulator.EmulatedDriver;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What the backend asks of a BLAS: products by one that follows the standard's definition on the
 * emulator's memory are the CPU's. No cuBLAS was at hand to be asked.
 */
final class GemmTest {
  /** The definition, in double. */
  private static final class PlainGemm implements Gemm {
    private final CudaDriver driver;
    private int products;

    PlainGemm(CudaDriver driver) {
      this.driver = driver;
    }

    @Override
    public void multiply(
        CudaDriver.Stream stream,
        int m,
        int n,
        int k,
        Operand a,
        Operand b,
        DevicePointer c,
        int batch) {
      products += batch;
      for (int i = 0; i < batch; i++) {
        float[] left = read(stream, a, i, m, k);
        float[] right = read(stream, b, i, k, n);
        float[] result = new float[m * n];
        for (int column = 0; column < n; column++) {
          for (int row = 0; row < m; row++) {
            double sum = 0;
            for (int j = 0; j < k; j++) {
              sum += (double) left[j * m + row] * right[column * k + j];
            }
            result[column * m + row] = (float) sum;
          }
        }
        write(stream, result, c.plus(4L * i * m * n));
      }
    }

    /** An operand as it enters the product, column after column. */
    private float[] read(CudaDriver.Stream stream, Operand x, int index, int rows, int columns) {
      int across = x.isTransposed() ? rows : columns;
      int along = x.isTransposed() ? columns : rows;
      assertTrue(x.leading() >= along, "a leading dimension of " + x.leading());
      long floats = (long) (across - 1) * x.leading() + along;
      MemorySegment host = driver.allocatePinned(4 * floats);
      driver.copyToHost(host, x.first().plus(4 * x.step() * index), stream);
      stream.synchronize();
      float[] values = new float[rows * columns];
      for (int column = 0; column < columns; column++) {
        for (int row = 0; row < rows; row++) {
          long at =
              x.isTransposed()
                  ? row * (long) x.leading() + column
                  : column * (long) x.leading() + row;
          values[column * rows + row] = host.getAtIndex(ValueLayout.JAVA_FLOAT, at);
        }
      }
      driver.freePinned(host);
      return values;
    }

    private void write(CudaDriver.Stream stream, float[] values, DevicePointer to) {
      MemorySegment host = driver.allocatePinned(4L * values.length);
      MemorySegment.copy(values, 0, host, ValueLayout.JAVA_FLOAT, 0, values.length);
      driver.copyToDevice(to, host, stream);
      stream.synchronize();
      driver.freePinned(host);
    }

    @Override
    public void close() {
      // holds nothing
    }
  }

  private static Tensor counting(Backend on, int... dims) {
    Shape shape = Shape.of(dims);
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = i * 37 % 19 - 9; // small integers: every product is exact
    }
    return Tensor.of(on, shape, values);
  }

  private record Case(boolean transposeA, boolean transposeB, int[] aOffsets, int[] bOffsets) {}

  private static Kernel.Matmul matmul(Backend on, Case c, boolean withBias) {
    int m = 3;
    int n = 5;
    int k = 7;
    return new Kernel.Matmul(
        counting(on, 100),
        c.aOffsets,
        c.transposeA,
        counting(on, 200),
        c.bOffsets,
        c.transposeB,
        withBias ? counting(on, n) : null,
        on.empty(Shape.of(c.aOffsets.length, m, n), DType.FLOAT32),
        m,
        n,
        k);
  }

  @Test
  void productsByALibraryAreOurs() {
    EmulatedDriver emulator = new EmulatedDriver(64 << 20);
    PlainGemm gemm = new PlainGemm(emulator);
    int expected = 0;
    try (Backend cpu = CpuBackend.scalar(1);
        CudaBackend cuda =
            new CudaBackend(
                "cuda:0", emulator, CudaOptions.DEFAULT, new Gemm.Probe(gemm, "plain products"))) {
      assertTrue(cuda.description().contains("plain products"), cuda.description());
      for (boolean transposeA : new boolean[] {false, true}) {
        for (boolean transposeB : new boolean[] {false, true}) {
          for (boolean withBias : new boolean[] {false, true}) {
            for (Case c :
                List.of(
                    new Case(transposeA, transposeB, new int[] {2}, new int[] {4}),
                    new Case(transposeA, transposeB, new int[] {0, 21, 42}, new int[] {1, 41, 81}),
                    new Case(transposeA, transposeB, new int[] {5, 26}, new int[] {3, 3}),
                    // not in equal steps: our kernel's
                    new Case(
                        transposeA, transposeB, new int[] {0, 21, 50}, new int[] {0, 35, 70}))) {
              Kernel.Matmul wanted = matmul(cpu, c, withBias);
              cpu.run(wanted);
              Kernel.Matmul got = matmul(cuda, c, withBias);
              cuda.run(got);
              assertArrayEquals(wanted.y().toFloats(), got.y().toFloats());
              expected += c.aOffsets[c.aOffsets.length - 1] == 50 ? 0 : c.aOffsets.length;
            }
          }
        }
      }
    }
    assertEquals(expected, gemm.products);
    assertEquals(List.of(), emulator.findings());
  }
}
