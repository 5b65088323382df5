package dev.azimuth.tensor.op;

import dev.azimuth.tensor.BinaryFunction;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A function of two elements, {@code y = f(a, b)}.
 *
 * <p>Shapes: a and b broadcast: aligned at the last axis, sizes are equal or one of them is 1.
 *
 * <p>Gradient: {@code da = dy * df/da} and {@code db = dy * df/db}, each summed over what was
 * repeated. At ties maximum and minimum give half to each, as PyTorch does; comparisons give none.
 * Saves both shapes, and both tensors where f isn't a sum or difference.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless the shapes broadcast.
 *
 * @param function f
 */
public record Arithmetic(BinaryFunction function) implements Op.Binary<Arithmetic.Saved> {
  /** Both shapes, and the operands where the derivative needs them. */
  public record Saved(Shape a, Shape b, @Nullable Operands operands) {}

  /** Both inputs. */
  public record Operands(Tensor a, Tensor b) {}

  @Override
  public Result<Saved> forward(Tensor a, Tensor b) {
    Shape shape = Shape.broadcast(name(), a.shape(), b.shape());
    Tensor y = a.backend().empty(shape, a.dtype());
    a.backend().run(new Kernel.Binary(function, a, b, y));
    boolean needsOperands =
        switch (function) {
          case MULTIPLY, DIVIDE, MAXIMUM, MINIMUM -> true;
          default -> false;
        };
    Operands operands = needsOperands ? new Operands(a, b) : null;
    return new Result<>(y, new Saved(a.shape(), b.shape(), operands));
  }

  @Override
  public List<@Nullable Tensor> vjp(Saved saved, Tensor dy, Wanted wanted) {
    Operands operands = saved.operands();
    Tensor da = wanted.input(0) ? derivativeA(operands, dy) : null;
    Tensor db = wanted.input(1) ? derivativeB(operands, dy) : null;
    return Op.gradients(
        da == null ? null : Broadcasting.sumTo(da, saved.a()),
        db == null ? null : Broadcasting.sumTo(db, saved.b()));
  }

  private @Nullable Tensor derivativeA(@Nullable Operands operands, Tensor dy) {
    if (operands == null) {
      return function.isComparison() ? null : dy;
    }
    Tensor a = operands.a();
    Tensor b = operands.b();
    return switch (function) {
      case MULTIPLY -> dy.mul(b);
      case DIVIDE -> dy.div(b);
      case MAXIMUM -> dy.mul(winner(a, b));
      case MINIMUM -> dy.mul(winner(b, a));
      default -> null;
    };
  }

  private @Nullable Tensor derivativeB(@Nullable Operands operands, Tensor dy) {
    if (operands == null) {
      return switch (function) {
        case ADD -> dy;
        case SUBTRACT -> dy.negate();
        default -> null;
      };
    }
    Tensor a = operands.a();
    Tensor b = operands.b();
    return switch (function) {
      case MULTIPLY -> dy.mul(a);
      case DIVIDE -> dy.mul(a).div(b.square()).negate();
      case MAXIMUM -> dy.mul(winner(b, a));
      case MINIMUM -> dy.mul(winner(a, b));
      default -> null;
    };
  }

  /** 1 where a > b, 1/2 where they are equal, else 0. */
  private static Tensor winner(Tensor a, Tensor b) {
    Tensor greater = a.compare(BinaryFunction.GREATER, b);
    return greater.add(a.compare(BinaryFunction.GREATER_OR_EQUAL, b)).mul(0.5);
  }

  private String name() {
    return switch (function) {
      case ADD -> "add";
      case SUBTRACT -> "sub";
      case MULTIPLY -> "mul";
      case DIVIDE -> "div";
      case MAXIMUM -> "maximum";
      case MINIMUM -> "minimum";
      default -> "compare";
    };
  }

  /** Every differentiable function, broadcast each way. */
  public static List<Example<Arithmetic>> examples() {
    List<Example<Arithmetic>> examples = new ArrayList<>();
    for (BinaryFunction function : BinaryFunction.values()) {
      Arithmetic op = new Arithmetic(function);
      List<Example<Arithmetic>> shapes =
          List.of(
              Example.of(op, Shape.of(3, 7), Shape.of(3, 7)),
              Example.of(op, Shape.of(2, 3, 4), Shape.of(4)),
              Example.of(op, Shape.of(3, 1), Shape.of(2, 1, 4)),
              Example.of(op, Shape.of(), Shape.of(2, 2)),
              Example.of(op, Shape.of(1), Shape.of(1, 1)));
      switch (function) {
        case ADD, SUBTRACT, MULTIPLY -> examples.addAll(shapes);
        case DIVIDE -> shapes.forEach(example -> examples.add(example.between(0.5, 2)));
        // of few elements one input could win them all and the other get no gradient
        case MAXIMUM, MINIMUM ->
            shapes.subList(0, 3).forEach(example -> examples.add(example.apart(0.02)));
        default -> examples.add(shapes.get(1).apart(0.02).withoutGradient(0, 1));
      }
    }
    return examples;
  }
}
