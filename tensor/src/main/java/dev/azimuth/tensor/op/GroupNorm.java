package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Group normalisation (Wu and He 2018), {@code y = (x - mean) / sqrt(var + eps) * weight + bias},
 * then optionally SiLU. Inputs: x, weight, bias.
 *
 * <p>Mean and biased variance are those of each image's group of C / groups consecutive channels.
 *
 * <p>Shapes: x {@code [N, ..., C]}, weight and bias {@code [C]} to y of x's shape.
 *
 * <p>Gradient, with {@code n = (x - mean) rstd} and, after SiLU, dy taken through it first: {@code
 * dweight = sum(dy n)}, {@code dbias = sum(dy)}, {@code dx = rstd (g - mean g - n mean(g n))} over
 * the group with {@code g = dy weight}. Saves x, weight, bias, mean and rstd.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless the shapes are as above and groups
 * divide C.
 *
 * @param groups number of channel groups
 * @param eps added to the variance
 * @param silu whether SiLU follows
 */
public record GroupNorm(int groups, double eps, boolean silu)
    implements Op.Several<GroupNorm.Saved> {
  /** Inputs with positions flattened, and each group's mean and 1 / deviation. */
  public record Saved(
      Shape shape, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor rstd) {}

  public GroupNorm {
    if (groups < 1) {
      throw new IllegalArgumentException("group_norm: groups must be positive; got " + groups);
    }
  }

  @Override
  public Result<Saved> forward(List<Tensor> inputs) {
    Tensor image = inputs.get(0);
    Tensor weight = inputs.get(1);
    Tensor bias = inputs.get(2);
    check(image, weight, bias);
    Shape shape = image.shape();
    Tensor x =
        Axes.view(image, Shape.of(shape.dim(0), shape.product(1, shape.rank() - 1), shape.dim(-1)));
    Shape perGroup = Shape.of(shape.dim(0), groups);
    Tensor mean = x.backend().empty(perGroup, x.dtype());
    Tensor rstd = x.backend().empty(perGroup, x.dtype());
    Tensor y = x.backend().empty(x.shape(), x.dtype());
    x.backend().run(new Kernel.GroupNorm(x, weight, bias, y, mean, rstd, groups, eps, silu));
    return new Result<>(Axes.view(y, shape), new Saved(shape, x, weight, bias, mean, rstd));
  }

  private void check(Tensor x, Tensor weight, Tensor bias) {
    Check.that(x.shape().rank() >= 2, "group_norm", "x must be [N, ..., C]", x, weight, bias);
    int channels = x.shape().dim(-1);
    Check.that(
        channels % groups == 0,
        "group_norm",
        "groups must divide channels, " + groups + " of " + channels,
        x,
        weight,
        bias);
    Check.that(x.shape().size() > 0, "group_norm", "needs an element", x, weight, bias);
    Norms.requirePerChannel("group_norm", channels, x, weight, bias);
  }

  @Override
  public List<@Nullable Tensor> vjp(Saved saved, Tensor dy, Wanted wanted) {
    Tensor x = saved.x();
    Tensor dx = dy.backend().empty(x.shape(), dy.dtype());
    Tensor dWeight = dy.backend().empty(saved.weight().shape(), dy.dtype());
    Tensor dBias = dy.backend().empty(saved.bias().shape(), dy.dtype());
    dy.backend()
        .run(
            new Kernel.GroupNormVjp(
                x,
                saved.weight(),
                saved.bias(),
                saved.mean(),
                saved.rstd(),
                Axes.view(dy, x.shape()),
                dx,
                dWeight,
                dBias,
                groups,
                silu));
    return Op.gradients(
        wanted.input(0) ? Axes.view(dx, saved.shape()) : null,
        wanted.input(1) ? dWeight : null,
        wanted.input(2) ? dBias : null);
  }

  /** Images, tokens and vectors; one, some and all channels a group; with and without SiLU. */
  public static List<Example<GroupNorm>> examples() {
    return List.of(
        example(2, false, 6, Shape.of(2, 3, 4, 6)),
        example(3, true, 6, Shape.of(2, 5, 6)),
        example(1, true, 3, Shape.of(1, 2, 2, 3)),
        example(4, false, 4, Shape.of(2, 7, 4)),
        example(2, false, 8, Shape.of(3, 8)));
  }

  private static Example<GroupNorm> example(int groups, boolean silu, int channels, Shape x) {
    return Example.of(new GroupNorm(groups, 1e-5, silu), x, Shape.of(channels), Shape.of(channels));
  }
}
