package dev.azimuth.tensor;

import dev.azimuth.tensor.op.Op;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a tracked tensor came from: a leaf, or an operation on inputs of which at least one was
 * tracked. It keeps what the gradient needs and not the tensor itself.
 */
public final class History {
  private final Shape shape;
  private final List<@Nullable History> inputs;
  private final @Nullable PullBack pullBack;

  @FunctionalInterface
  private interface PullBack {
    List<@Nullable Tensor> apply(Tensor dy);
  }

  private History(Shape shape, List<@Nullable History> inputs, @Nullable PullBack pullBack) {
    this.shape = shape;
    this.inputs = inputs;
    this.pullBack = pullBack;
  }

  static History leaf(Shape shape) {
    return new History(shape, List.of(), null);
  }

  static <S> History of(Op<S> op, S saved, Shape shape, List<@Nullable History> inputs) {
    Op.Wanted wanted = i -> inputs.get(i) != null;
    return new History(shape, inputs, dy -> op.vjp(saved, dy, wanted));
  }

  /** Shape of the tensor whose history this is. */
  public Shape shape() {
    return shape;
  }

  /** The inputs' histories, null where an input was not tracked; empty for a leaf. */
  public List<@Nullable History> inputs() {
    return inputs;
  }

  /** Whether this is a tracked leaf and not an operation's result. */
  public boolean isLeaf() {
    return pullBack == null;
  }

  /**
   * The operation's vector-Jacobian product: from the gradient of the result to those of the
   * inputs, null for inputs that aren't tracked or that no gradient reaches.
   *
   * @throws IllegalStateException on a leaf
   */
  public List<@Nullable Tensor> pullBack(Tensor dy) {
    if (pullBack == null) {
      throw new IllegalStateException("a leaf has no operation to pull a gradient through");
    }
    return pullBack.apply(dy);
  }
}
