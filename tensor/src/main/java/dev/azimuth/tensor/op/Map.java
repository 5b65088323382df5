package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.UnaryFunction;
import java.util.ArrayList;
import java.util.List;

/**
 * A function of each element, {@code y = f(x)}.
 *
 * <p>Shapes: x of any shape to y of the same.
 *
 * <p>Gradient: {@code dx = dy * f'(x)}; saves x and y.
 *
 * @param function f, with its derivative
 */
public record Map(UnaryFunction function) implements Op.Unary<Map.Saved> {
  /** Input and value. */
  public record Saved(Tensor x, Tensor y) {}

  @Override
  public Result<Saved> forward(Tensor x) {
    Tensor y = x.backend().empty(x.shape(), x.dtype());
    x.backend().run(new Kernel.Unary(function, x, y));
    return new Result<>(y, new Saved(x, y));
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    Tensor dx = dy.backend().empty(dy.shape(), dy.dtype());
    dy.backend().run(new Kernel.UnaryVjp(function, saved.x(), saved.y(), dy, dx));
    return dx;
  }

  /** Every function, inside its domain and away from its kink. */
  public static List<Example<Map>> examples() {
    List<Example<Map>> examples = new ArrayList<>();
    for (UnaryFunction function : UnaryFunction.values()) {
      Map op = new Map(function);
      for (Shape shape : List.of(Shape.of(), Shape.of(1), Shape.of(3, 7))) {
        Example<Map> example = Example.of(op, shape);
        examples.add(
            switch (function) {
              case LOG, SQRT, RECIPROCAL -> example.between(0.5, 3);
              case ABS -> example.apart(0.02);
              default -> example;
            });
      }
    }
    return examples;
  }
}
