package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Layer normalisation (Ba et al. 2016) over the last axis, {@code y = (x - mean) / sqrt(var + eps)
 * * weight + bias}, with the biased variance. Inputs: x, weight, bias.
 *
 * <p>Shapes: x {@code [..., C]}, weight and bias {@code [C]} to y of x's shape.
 *
 * <p>Gradient, with {@code n = (x - mean) rstd}: {@code dweight = sum(dy n)}, {@code dbias =
 * sum(dy)}, {@code dx = rstd (g - mean g - n mean(g n))} over the row with {@code g = dy weight}.
 * Saves x, weight, mean and rstd.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless the shapes are as above.
 *
 * @param eps added to the variance
 */
public record LayerNorm(double eps) implements Op.Several<LayerNorm.Saved> {
  /** Input as rows, weight, and each row's mean and 1 / deviation. */
  public record Saved(Tensor x, Tensor weight, Tensor mean, Tensor rstd) {}

  @Override
  public Result<Saved> forward(List<Tensor> inputs) {
    Tensor tokens = inputs.get(0);
    Tensor weight = inputs.get(1);
    Tensor bias = inputs.get(2);
    Check.that(
        tokens.shape().rank() >= 1, "layer_norm", "x must be [..., C]", tokens, weight, bias);
    int columns = tokens.shape().dim(-1);
    Check.that(columns > 0, "layer_norm", "needs a channel", tokens, weight, bias);
    Norms.requirePerChannel("layer_norm", columns, tokens, weight, bias);
    int rows = tokens.shape().size() / columns;
    Tensor x = Axes.view(tokens, Shape.of(rows, columns));
    Tensor mean = x.backend().empty(Shape.of(rows), x.dtype());
    Tensor rstd = x.backend().empty(Shape.of(rows), x.dtype());
    Tensor y = x.backend().empty(x.shape(), x.dtype());
    x.backend().run(new Kernel.LayerNorm(x, weight, bias, y, mean, rstd, eps));
    return new Result<>(Axes.view(y, tokens.shape()), new Saved(x, weight, mean, rstd));
  }

  @Override
  public List<@Nullable Tensor> vjp(Saved saved, Tensor dy, Wanted wanted) {
    Tensor x = saved.x();
    Tensor weight = saved.weight();
    Tensor dx = dy.backend().empty(x.shape(), dy.dtype());
    Tensor dWeight = dy.backend().empty(weight.shape(), dy.dtype());
    Tensor dBias = dy.backend().empty(weight.shape(), dy.dtype());
    dy.backend()
        .run(
            new Kernel.LayerNormVjp(
                x,
                weight,
                saved.mean(),
                saved.rstd(),
                Axes.view(dy, x.shape()),
                dx,
                dWeight,
                dBias));
    return Op.gradients(
        wanted.input(0) ? Axes.view(dx, dy.shape()) : null,
        wanted.input(1) ? dWeight : null,
        wanted.input(2) ? dBias : null);
  }

  /** Tokens, rows and a vector. */
  public static List<Example<LayerNorm>> examples() {
    LayerNorm op = new LayerNorm(1e-5);
    return List.of(
        Example.of(op, Shape.of(2, 3, 8), Shape.of(8), Shape.of(8)),
        Example.of(op, Shape.of(5, 33), Shape.of(33), Shape.of(33)),
        Example.of(op, Shape.of(7), Shape.of(7), Shape.of(7)),
        Example.of(op, Shape.of(3, 1), Shape.of(1), Shape.of(1)).withoutGradient(0, 1));
  }
}
