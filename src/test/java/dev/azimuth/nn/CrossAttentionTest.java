package dev.azimuth.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.diffusion.TinyModels;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The collapse: at one token, attention is {@code to_out(to_v(c))} bit for bit; queries and keys
 * get gradients of exactly zero in the general path and none in the collapsed one.
 */
class CrossAttentionTest {
  static Stream<Arguments> backends() {
    Supplier<Backend> scalar = () -> CpuBackend.scalar(2);
    Supplier<Backend> simd = () -> CpuBackend.simd(2);
    return Stream.of(
        argumentSet("scalar float32", scalar, DType.FLOAT32),
        argumentSet("scalar float64", scalar, DType.FLOAT64),
        argumentSet("simd float32", simd, DType.FLOAT32));
  }

  /** The value of one path and, by name, its gradients. */
  private record Outcome(double[] value, Map<String, double[]> gradients) {
    static Outcome of(Tensor y, Parameters p) {
      double[] weights = new double[y.shape().size()];
      Arrays.setAll(weights, i -> Math.sin(i + 1));
      Tensor dy = Tensor.of(y.backend(), y.dtype(), y.shape(), weights);
      Map<String, double[]> gradients =
          Gradients.of(y, dy).named(p.tensors()).entrySet().stream()
              .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().toDoubles()));
      return new Outcome(y.toDoubles(), gradients);
    }
  }

  private static Tensor draw(Backend backend, DType dtype, int seed, int... dims) {
    Shape shape = Shape.of(dims);
    return Tensor.of(backend, dtype, shape, new TorchRandom(seed).randnDouble(shape.size()));
  }

  /** A new network, with values drawn for what begins as zero. */
  private static Parameters parameters(Backend backend, DType dtype) {
    return Parameters.initialized(backend, dtype, new TorchRandom(3));
  }

  private static void redraw(Parameters p) {
    p.overwrite(
        p.tensors().entrySet().stream()
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    e ->
                        draw(
                                p.backend(),
                                e.getValue().dtype(),
                                e.getKey().hashCode(),
                                e.getValue().shape().toArray())
                            .mul(0.3))));
  }

  private static void assertCollapses(
      Parameters p, Set<String> dead, Function<Function<Tensor, Context>, Tensor> forward) {
    Outcome general = Outcome.of(forward.apply(Context.Tokens::new), p);
    Outcome collapsed = Outcome.of(forward.apply(Context.SingleToken::new), p);
    assertTrue(Arrays.stream(general.value).anyMatch(v -> v != 0));
    assertArrayEquals(general.value, collapsed.value, "both paths, bit for bit");
    for (String name : dead) {
      double[] gradient = general.gradients.get(name);
      assertTrue(gradient != null, name + " has a gradient in the general path");
      assertArrayEquals(new double[gradient.length], gradient, name);
    }
    Set<String> absent = new TreeSet<>(p.tensors().keySet());
    absent.removeAll(collapsed.gradients.keySet());
    assertEquals(dead, absent, "what the collapsed path doesn't touch");
    collapsed.gradients.forEach(
        (name, gradient) -> {
          double scale = norm(gradient);
          double[] other = general.gradients.get(name);
          double[] difference = new double[gradient.length];
          Arrays.setAll(difference, i -> gradient[i] - other[i]);
          // sums over positions are taken in another order
          double eps = p.tensors().get(name).dtype() == DType.FLOAT64 ? 0x1p-52 : 0x1p-23;
          assertTrue(scale > 0, name);
          assertTrue(norm(difference) <= 1000 * eps * scale, () -> name + norm(difference) / scale);
        });
  }

  private static double norm(double[] x) {
    return Math.sqrt(Arrays.stream(x).map(v -> v * v).sum());
  }

  @ParameterizedTest
  @MethodSource("backends")
  void aLayerCollapses(Supplier<Backend> open, DType dtype) {
    try (Backend backend = open.get()) {
      // widths that are no multiple of any vector's
      Parameters p = parameters(backend, dtype);
      CrossAttention attention = new CrossAttention(p, new CrossAttention.Sizes(10, 7, 3, 5));
      Tensor x = draw(backend, dtype, 1, 2, 9, 10);
      Tensor c = draw(backend, dtype, 2, 2, 1, 7);
      assertCollapses(
          p, Set.of("to_k.weight", "to_q.weight"), path -> attention.forward(x, path.apply(c)));
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void everyPositionGetsTheSameVector(Supplier<Backend> open, DType dtype) {
    try (Backend backend = open.get()) {
      Parameters p = parameters(backend, dtype);
      CrossAttention attention = new CrossAttention(p, new CrossAttention.Sizes(8, 6, 2, 4));
      Tensor c = draw(backend, dtype, 2, 1, 1, 6);
      double[] some =
          attention.forward(draw(backend, dtype, 1, 1, 5, 8), new Context.Tokens(c)).toDoubles();
      double[] other =
          attention.forward(draw(backend, dtype, 9, 1, 5, 8), new Context.Tokens(c)).toDoubles();
      assertArrayEquals(some, other);
      double[] one = attention.collapsed(c).toDoubles();
      for (int i = 0; i < 5; i++) {
        assertArrayEquals(one, Arrays.copyOfRange(some, 8 * i, 8 * (i + 1)));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void twoTokensDoNotCollapse(Supplier<Backend> open, DType dtype) {
    try (Backend backend = open.get()) {
      Parameters p = parameters(backend, dtype);
      CrossAttention attention = new CrossAttention(p, new CrossAttention.Sizes(8, 6, 2, 4));
      Tensor x = draw(backend, dtype, 1, 1, 5, 8);
      Context two = new Context.Tokens(draw(backend, dtype, 2, 1, 2, 6));
      Outcome outcome = Outcome.of(attention.forward(x, two), p);
      assertTrue(norm(outcome.gradients.get("to_q.weight")) > 0);
      assertTrue(norm(outcome.gradients.get("to_k.weight")) > 0);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void aUNetCollapses(Supplier<Backend> open, DType dtype) {
    try (Backend backend = open.get()) {
      Parameters p = parameters(backend, dtype);
      UNet unet = new UNet(p, TinyModels.unet());
      redraw(p);
      Tensor x = draw(backend, dtype, 1, 2, 8, 8, 4);
      Tensor c = draw(backend, dtype, 2, 2, 1, 6);
      Set<String> dead =
          p.tensors().keySet().stream()
              .filter(name -> name.matches(".*\\.(attn2\\.to_[qk]|norm2)\\.(weight|bias)"))
              .collect(Collectors.toCollection(TreeSet::new));
      // two levels, three blocks and the middle: norm2's weight and bias, to_q, to_k
      assertEquals(7 * 4, dead.size());
      assertCollapses(p, dead, path -> unet.forward(x, new long[] {3, 990}, path.apply(c)));
    }
  }

  @Test
  void anAbsentContextIsNeverSelfAttention() {
    try (Backend backend = CpuBackend.scalar(1)) {
      Parameters p = parameters(backend, DType.FLOAT32);
      // widths agree, so that a self-attention would be possible
      CrossAttention attention = new CrossAttention(p, new CrossAttention.Sizes(6, 6, 2, 3));
      Tensor x = draw(backend, DType.FLOAT32, 1, 1, 4, 6);
      assertThrows(NullPointerException.class, () -> attention.forward(x, null));
      assertThrows(NullPointerException.class, () -> new Context.Tokens(null));
      assertThrows(NullPointerException.class, () -> new Context.SingleToken(null));
      Parameters q = parameters(backend, DType.FLOAT32);
      BasicTransformerBlock block =
          new BasicTransformerBlock(q, new CrossAttention.Sizes(6, 6, 2, 3));
      assertThrows(NullPointerException.class, () -> block.forward(x, null));
    }
  }

  @Test
  void aSingleTokenIsOne() {
    try (Backend backend = CpuBackend.scalar(1)) {
      ShapeException e =
          assertThrows(
              ShapeException.class,
              () -> new Context.SingleToken(draw(backend, DType.FLOAT32, 1, 2, 2, 6)));
      assertEquals("context", e.op());
      assertThrows(
          ShapeException.class, () -> new Context.Tokens(draw(backend, DType.FLOAT32, 1, 2, 6)));
    }
  }

  @Test
  void aContextOfAnotherWidthIsRefused() {
    try (Backend backend = CpuBackend.scalar(1)) {
      Parameters p = parameters(backend, DType.FLOAT32);
      CrossAttention attention = new CrossAttention(p, new CrossAttention.Sizes(6, 5, 2, 3));
      Tensor x = draw(backend, DType.FLOAT32, 1, 2, 4, 6);
      Tensor wide = draw(backend, DType.FLOAT32, 2, 2, 1, 6);
      Tensor otherBatch = draw(backend, DType.FLOAT32, 2, 3, 1, 5);
      assertFalse(wide.shape().equals(otherBatch.shape()));
      for (Tensor c : new Tensor[] {wide, otherBatch}) {
        assertThrows(ShapeException.class, () -> attention.forward(x, new Context.SingleToken(c)));
        assertThrows(ShapeException.class, () -> attention.forward(x, new Context.Tokens(c)));
      }
    }
  }
}
