package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Batch normalisation (Ioffe and Szegedy 2015) with given statistics, as in inference: {@code y =
 * (x - mean) / sqrt(variance + eps) * weight + bias}. Inputs: x, mean, variance, weight, bias.
 *
 * <p>Shapes: x {@code [N, ..., C]}, the others {@code [C]} to y of x's shape.
 *
 * <p>Gradient, with {@code r = 1 / sqrt(variance + eps)} and sums over all but channels: {@code dx
 * = dy weight r}, {@code dmean = -weight r sum(dy)}, {@code dvariance = -1/2 weight r³ sum(dy (x -
 * mean))}, {@code dweight = r sum(dy (x - mean))}, {@code dbias = sum(dy)}. Saves all inputs but
 * the bias.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless the shapes are as above.
 *
 * @param eps added to the variance
 */
public record BatchNorm(double eps) implements Op.Several<BatchNorm.Saved> {
  /** Input, statistics and weight. */
  public record Saved(Tensor x, Tensor mean, Tensor variance, Tensor weight) {}

  @Override
  public Result<Saved> forward(List<Tensor> inputs) {
    Tensor[] operands = inputs.toArray(Tensor[]::new);
    Tensor x = inputs.get(0);
    Check.that(x.shape().rank() >= 2, "batch_norm", "x must be [N, ..., C]", operands);
    Norms.requirePerChannel("batch_norm", x.shape().dim(-1), operands);
    Saved saved = new Saved(x, inputs.get(1), inputs.get(2), inputs.get(3));
    Tensor scale = saved.weight().mul(rstd(saved));
    return new Result<>(x.sub(saved.mean()).mul(scale).add(inputs.get(4)), saved);
  }

  private Tensor rstd(Saved saved) {
    Tensor deviation = saved.variance().add(eps).sqrt();
    return Tensor.full(deviation.backend(), deviation.dtype(), Shape.of(), 1).div(deviation);
  }

  @Override
  public List<@Nullable Tensor> vjp(Saved saved, Tensor dy, Wanted wanted) {
    Shape channels = saved.weight().shape();
    Tensor rstd = rstd(saved);
    Tensor scale = saved.weight().mul(rstd);
    Tensor dBias = wanted.input(1) || wanted.input(4) ? Axes.columnSums(dy, channels.size()) : null;
    // sum of dy (x - mean) · r
    Tensor dWeight =
        wanted.input(2) || wanted.input(3)
            ? Axes.columnSums(dy.mul(saved.x().sub(saved.mean())), channels.size()).mul(rstd)
            : null;
    return Op.gradients(
        wanted.input(0) ? dy.mul(scale) : null,
        wanted.input(1) && dBias != null ? dBias.mul(scale).negate() : null,
        wanted.input(2) && dWeight != null ? dWeight.mul(scale).mul(rstd).mul(-0.5) : null,
        wanted.input(3) ? dWeight : null,
        wanted.input(4) ? dBias : null);
  }

  /** Images, tokens and vectors. */
  public static List<Example<BatchNorm>> examples() {
    return List.of(
        example(3, Shape.of(2, 3, 5, 3)),
        example(1, Shape.of(1, 1)),
        example(5, Shape.of(4, 2, 5)));
  }

  private static Example<BatchNorm> example(int channels, Shape x) {
    Shape perChannel = Shape.of(channels);
    return Example.of(new BatchNorm(1e-5), x, perChannel, perChannel, perChannel, perChannel)
        .between(0.5, 2); // variances are positive
  }
}
