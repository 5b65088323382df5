package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = x Wᵀ + bias} over the last axis. Inputs: x, weight, and bias or not.
 *
 * <p>Shapes: x {@code [..., in]}, weight {@code [out, in]}, bias {@code [out]} to y {@code [...,
 * out]}.
 *
 * <p>Gradient: {@code dx = dy W}, {@code dW = dyᵀ x}, {@code dbias = sum of dy's rows}; saves x and
 * weight.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless the shapes are as above.
 */
public record Linear() implements Op.Several<Linear.Saved> {
  /** Input and weight, and whether a bias was added. */
  public record Saved(Tensor x, Tensor weight, boolean hasBias) {}

  @Override
  public Result<Saved> forward(List<Tensor> inputs) {
    Tensor x = inputs.get(0);
    Tensor weight = inputs.get(1);
    Tensor bias = inputs.size() > 2 ? inputs.get(2) : null;
    check(x, weight, bias);
    int in = weight.shape().dim(1);
    int out = weight.shape().dim(0);
    Tensor y = x.backend().empty(x.shape().with(-1, out), x.dtype());
    x.backend().run(matmul(x, false, weight, true, bias, y, rows(x), out, in));
    return new Result<>(y, new Saved(x, weight, bias != null));
  }

  private static void check(Tensor x, Tensor weight, @Nullable Tensor bias) {
    Tensor[] operands = bias == null ? new Tensor[] {x, weight} : new Tensor[] {x, weight, bias};
    Check.that(x.shape().rank() >= 1, "linear", "x must have an axis", operands);
    Check.that(
        weight.shape().rank() == 2,
        "linear",
        "weight must be [out, in], not of rank " + weight.shape().rank(),
        operands);
    Check.same(
        "linear", "inner sizes must agree", x.shape().dim(-1), weight.shape().dim(1), operands);
    if (bias != null) {
      Check.that(bias.shape().rank() == 1, "linear", "bias must be [out]", operands);
      Check.same(
          "linear",
          "bias must have the weight's out size",
          bias.shape().dim(0),
          weight.shape().dim(0),
          operands);
    }
  }

  @Override
  public List<@Nullable Tensor> vjp(Saved saved, Tensor dy, Wanted wanted) {
    Tensor dx = wanted.input(0) ? gradientX(saved, dy) : null;
    Tensor dWeight = wanted.input(1) ? gradientWeight(saved, dy) : null;
    if (!saved.hasBias()) {
      return Op.gradients(dx, dWeight);
    }
    Tensor dBias = wanted.input(2) ? Axes.columnSums(dy, dy.shape().dim(-1)) : null;
    return Op.gradients(dx, dWeight, dBias);
  }

  private static Tensor gradientX(Saved saved, Tensor dy) {
    int in = saved.weight().shape().dim(1);
    int out = saved.weight().shape().dim(0);
    Tensor dx = dy.backend().empty(saved.x().shape(), dy.dtype());
    dy.backend().run(matmul(dy, false, saved.weight(), false, null, dx, rows(dy), in, out));
    return dx;
  }

  private static Tensor gradientWeight(Saved saved, Tensor dy) {
    int in = saved.weight().shape().dim(1);
    int out = saved.weight().shape().dim(0);
    Tensor dWeight = dy.backend().empty(saved.weight().shape(), dy.dtype());
    dy.backend().run(matmul(dy, true, saved.x(), false, null, dWeight, out, in, rows(dy)));
    return dWeight;
  }

  private static int rows(Tensor x) {
    return x.shape().product(0, x.shape().rank() - 1);
  }

  private static Kernel matmul(
      Tensor a,
      boolean transposeA,
      Tensor b,
      boolean transposeB,
      @Nullable Tensor bias,
      Tensor y,
      int m,
      int n,
      int k) {
    int[] start = {0};
    return new Kernel.Matmul(a, start, transposeA, b, start, transposeB, bias, y, m, n, k);
  }

  /** Rows, tokens and a vector, with and without bias. */
  public static List<Example<Linear>> examples() {
    return List.of(
        Example.of(new Linear(), Shape.of(5, 7), Shape.of(4, 7), Shape.of(4)),
        Example.of(new Linear(), Shape.of(2, 3, 8), Shape.of(5, 8)),
        Example.of(new Linear(), Shape.of(3), Shape.of(2, 3), Shape.of(2)),
        Example.of(new Linear(), Shape.of(1, 1), Shape.of(1, 1), Shape.of(1)));
  }
}
