package dev.azimuth.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.kernels.emulator.EmulatedDriver;
import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.OutOfDeviceMemoryException;
import dev.azimuth.tensor.Scope;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the backend does besides computing: memory, copies, types. */
final class CudaBackendTest {
  private static final int QUARTER = 1 << 16; // floats, of a device of 1 MiB

  private EmulatedDriver emulator;

  private CudaBackend backend(long memoryBytes) {
    emulator = new EmulatedDriver(memoryBytes);
    return new CudaBackend("cuda:0", emulator);
  }

  @AfterEach
  void nothingWasFoundWrong() {
    if (emulator != null) {
      assertEquals(List.of(), emulator.findings());
    }
  }

  @Test
  void outOfMemoryNamesWhatIsHeldAndLeavesTheRestUsable() {
    try (CudaBackend cuda = backend(1 << 20)) {
      List<Tensor> held = new ArrayList<>();
      OutOfDeviceMemoryException refusal =
          assertThrows(
              OutOfDeviceMemoryException.class,
              () -> {
                while (held.size() < 9) {
                  held.add(Tensor.full(cuda, DType.FLOAT32, Shape.of(QUARTER), held.size()));
                }
              });
      String message = refusal.getMessage();
      assertTrue(message.startsWith("cuda:0: no room for 262144 bytes more; "), message);
      assertTrue(message.contains(held.size() + " buffers hold"), message);
      assertEquals(0, held.getFirst().toFloats()[QUARTER - 1]);
      held.clear();
      assertEquals(7, Tensor.full(cuda, DType.FLOAT32, Shape.of(QUARTER), 7).toFloats()[1]);
    }
  }

  @Test
  void memoryReturnsOnceNothingRefersToIt() {
    try (CudaBackend cuda = backend(1 << 20)) {
      for (int i = 0; i < 12; i++) {
        assertEquals(i, Tensor.full(cuda, DType.FLOAT32, Shape.of(QUARTER), i).toFloats()[0]);
      }
    }
  }

  /** None of these is ever unreachable: only the scope gives their memory back. */
  @Test
  void aScopeGivesBackWhatWasMadeInIt() {
    try (CudaBackend cuda = backend(1 << 20)) {
      List<Tensor> held = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        try (Scope _ = cuda.scope()) {
          Tensor x = Tensor.full(cuda, DType.FLOAT32, Shape.of(QUARTER), i);
          held.add(x);
          assertEquals(i, x.toFloats()[QUARTER - 1]);
        }
      }
      IllegalStateException gone =
          assertThrows(IllegalStateException.class, () -> held.getFirst().toFloats());
      assertTrue(gone.getMessage().contains("Scope.keep"), gone.getMessage());
      assertThrows(IllegalStateException.class, () -> held.getLast().mul(2));
    }
  }

  @Test
  void whatIsKeptLivesInTheScopeAround() {
    try (CudaBackend cuda = backend(1 << 20)) {
      Tensor outer;
      Tensor inner;
      try (Scope around = cuda.scope()) {
        try (Scope scope = cuda.scope()) {
          inner = scope.keep(Tensor.full(cuda, DType.FLOAT32, Shape.of(3), 1));
          outer = around.keep(scope.keep(Tensor.full(cuda, DType.FLOAT32, Shape.of(3), 2)));
          Tensor view = inner.reshape(3, 1);
          assertEquals(1, view.toFloats()[2]);
        }
        assertEquals(1, inner.toFloats()[0]);
      }
      assertEquals(2, outer.toFloats()[0]);
      Tensor lost = inner;
      assertThrows(IllegalStateException.class, lost::toFloats);
    }
  }

  @Test
  void scopesCloseInsideOut() {
    try (CudaBackend cuda = backend(1 << 20)) {
      Scope around = cuda.scope();
      Scope scope = cuda.scope();
      assertThrows(IllegalStateException.class, around::close);
      scope.close();
      around.close();
    }
  }

  @Test
  void closingCountsWhatIsStillInUse() {
    CudaDevice device = new CudaDevice("cuda:0", new EmulatedDriver(1 << 20), Gemm.Probe.NONE);
    Object owner = new Object();
    device.memory().own(owner, device.memory().owned(100));
    assertEquals(1, device.close());
    Reference.reachabilityFence(owner);
  }

  @Test
  void copiesLargerThanTheStagingMemoryArriveWhole() {
    try (CudaBackend cuda = backend(64 << 20)) {
      float[] values = new float[3_000_001];
      for (int i = 0; i < values.length; i++) {
        values[i] = i;
      }
      Buffer buffer = cuda.allocate(DType.FLOAT32, values.length);
      cuda.upload(values, buffer);
      assertArrayEquals(values, cuda.downloadFloats(buffer));
    }
  }

  @Test
  void halvesAreWidenedWhereverTheyAreRead() {
    try (CudaBackend cuda = backend(1 << 20)) {
      float[] values = {1.5f, -0.1f, 65_504, 1e-7f, 0};
      Tensor x = new Tensor(cuda, Shape.of(5), cuda.halved(values), null);
      Tensor y = cuda.empty(Shape.of(5), DType.FLOAT32);
      cuda.run(new Kernel.Affine(x, 2, 0, y));
      float[] wanted = new float[5];
      for (int i = 0; i < 5; i++) {
        wanted[i] = 2 * Float.float16ToFloat(Float.floatToFloat16(values[i]));
      }
      assertArrayEquals(wanted, y.toFloats());
      assertThrows(
          UnsupportedOperationException.class, () -> cuda.run(new Kernel.Affine(y, 2, 0, x)));
    }
  }

  @Test
  void float64IsStoredAndNotComputedWith() {
    try (CudaBackend cuda = backend(1 << 20)) {
      Tensor x = Tensor.of(cuda, DType.FLOAT64, Shape.of(2, 2), 0.1, 0.2, 0.3, 0.4);
      Tensor y = Tensor.full(cuda, DType.FLOAT64, Shape.of(2, 2), 1 / 3.0);
      cuda.run(new Kernel.Copy(x, 0, new int[] {1}, y, 0, new int[] {2}, new int[] {2}));
      assertArrayEquals(new double[] {0.1, 1 / 3.0, 0.2, 1 / 3.0}, y.toDoubles());
      UnsupportedOperationException refusal =
          assertThrows(
              UnsupportedOperationException.class, () -> cuda.run(new Kernel.Affine(x, 1, 0, y)));
      assertTrue(
          refusal.getMessage().startsWith("Affine: CUDA computes in float32; got float64"),
          refusal.getMessage());
    }
  }
}
