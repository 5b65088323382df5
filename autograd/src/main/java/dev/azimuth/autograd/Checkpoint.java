package dev.azimuth.autograd;

import dev.azimuth.tensor.History;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.op.CustomOp;
import dev.azimuth.tensor.op.Op;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Recomputes a part of a network while the gradient is taken instead of storing what it needs.
 *
 * <p>The part's intermediate results are dropped once its output is there, and computed again when
 * the gradient arrives: memory for one part at a time, for one more forward computation (Chen et
 * al. 2016, "Training Deep Nets with Sublinear Memory Cost").
 *
 * <pre>{@code
 * Tensor y = Checkpoint.of(block::forward, x, block.parameters().values());
 * }</pre>
 *
 * <p>Values are bitwise those of the plain computation. So are gradients, as long as no tensor
 * collects three or more contributions of which some come from inside the part: those are then
 * added in another order.
 *
 * <p>The function is called twice and must compute the same both times: dropout with a seed does,
 * anything that draws from a shared generator doesn't.
 */
public final class Checkpoint {
  private Checkpoint() {}

  /** {@code f(x)}, recomputed for the gradient; see {@link #of(Function, List, Collection)}. */
  public static Tensor of(UnaryOperator<Tensor> f, Tensor x, Collection<Tensor> parameters) {
    return of(inputs -> f.apply(inputs.get(0)), List.of(x), parameters);
  }

  /**
   * {@code f(inputs)}, recomputed for the gradient.
   *
   * @param f the part to recompute; gets the inputs in their order
   * @param inputs what it is computed from; gradients go to those that are tracked
   * @param parameters every tracked leaf that f uses besides the inputs; untracked ones may be
   *     among them and are ignored
   * @throws IllegalArgumentException if f uses a tracked leaf that isn't among the parameters,
   *     whose gradient would be lost, or if a parameter is an operation's result
   */
  public static Tensor of(
      Function<List<Tensor>, Tensor> f, List<Tensor> inputs, Collection<Tensor> parameters) {
    if (inputs.isEmpty()) {
      throw new IllegalArgumentException("checkpoint: needs at least one input");
    }
    Map<History, Tensor> trainable = trainable(parameters);
    Part part = new Part(f, inputs.size(), trainable);
    return Tensor.apply(
        part, Stream.concat(inputs.stream(), trainable.values().stream()).toArray(Tensor[]::new));
  }

  /** The tracked ones, each once and in order, for an operand given twice would count twice. */
  private static Map<History, Tensor> trainable(Collection<Tensor> parameters) {
    Map<History, Tensor> trainable = new LinkedHashMap<>();
    for (Tensor parameter : parameters) {
      History history = parameter.history();
      if (history == null) {
        continue;
      }
      if (!history.isLeaf()) {
        throw new IllegalArgumentException(
            "checkpoint: parameters must be leaves, "
                + parameter
                + " is an operation's result; pass it as an input");
      }
      trainable.put(history, parameter);
    }
    return trainable;
  }

  /** Operands are the inputs, then the parameters; the gradient needs the inputs only. */
  private record Part(Function<List<Tensor>, Tensor> f, int inputs, Map<History, Tensor> parameters)
      implements CustomOp<List<Tensor>> {

    @Override
    public Op.Result<List<Tensor>> forward(List<Tensor> operands) {
      List<Tensor> own = List.copyOf(operands.subList(0, inputs));
      Tensor y = f.apply(own);
      requireDeclared(y);
      return new Op.Result<>(y.detached(), own);
    }

    @Override
    public List<@Nullable Tensor> vjp(List<Tensor> saved, Tensor dy, Op.Wanted wanted) {
      List<Tensor> leaves = new ArrayList<>(inputs);
      for (int i = 0; i < inputs; i++) {
        leaves.add(wanted.input(i) ? saved.get(i).tracked() : saved.get(i));
      }
      Tensor y = f.apply(List.copyOf(leaves));
      leaves.addAll(parameters.values());
      if (y.history() == null) {
        return Collections.nCopies(leaves.size(), null); // no operand matters to f
      }
      Gradients g = Gradients.of(y, dy);
      return leaves.stream().map(leaf -> g.find(leaf).orElse(null)).toList();
    }

    /** A leaf that f reaches by itself must be an operand, or its gradient would be dropped. */
    private void requireDeclared(Tensor y) {
      Set<History> seen = Collections.newSetFromMap(new IdentityHashMap<>());
      seen.addAll(parameters.keySet());
      Deque<History> open = new ArrayDeque<>();
      History root = y.history();
      if (root != null && seen.add(root)) {
        open.push(root);
      }
      while (!open.isEmpty()) {
        History history = open.pop();
        if (history.isLeaf()) {
          throw new IllegalArgumentException(
              "checkpoint: the function uses a tracked leaf of shape "
                  + history.shape()
                  + " that is not among its parameters");
        }
        for (History input : history.inputs()) {
          if (input != null && seen.add(input)) {
            open.push(input);
          }
        }
      }
    }

    @Override
    public String toString() {
      return "checkpoint";
    }
  }
}
