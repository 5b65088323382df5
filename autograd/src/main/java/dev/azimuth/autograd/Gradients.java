package dev.azimuth.autograd;

import dev.azimuth.tensor.History;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * The gradients of a loss in the tracked leaves it was computed from: a value, taken once, that
 * later computations don't change.
 *
 * <pre>{@code
 * Tensor w = weights.tracked();
 * Gradients g = Gradients.of(x.matmul(w).meanSquaredError(target));
 * Tensor dw = g.get(w);
 * }</pre>
 *
 * <p>A leaf that no gradient reaches is <em>absent</em>, which is not the same as a gradient of
 * zeros: optimizers leave absent parameters alone. Gradients have their leaf's shape and are
 * untracked; two leaves' gradients may share elements, so don't overwrite them.
 *
 * <p>The order in which contributions are added follows from the order of operands alone, so the
 * same computation gives the same bits.
 */
public final class Gradients {
  private final Map<History, Tensor> byLeaf;

  private Gradients(Map<History, Tensor> byLeaf) {
    this.byLeaf = byLeaf;
  }

  /**
   * Gradients of a loss of one element.
   *
   * @throws ShapeException if it has more or fewer elements
   * @throws IllegalArgumentException if it isn't tracked
   */
  public static Gradients of(Tensor loss) {
    if (loss.shape().size() != 1) {
      throw new ShapeException(
          "gradients",
          "a loss has one element, not "
              + loss.shape().size()
              + "; reduce it, or give the gradient of each element",
          loss.shape());
    }
    return of(loss, Tensor.full(loss.backend(), loss.dtype(), loss.shape(), 1));
  }

  /**
   * Gradients of {@code sum(y * dy)}, from dy of y's shape.
   *
   * @throws ShapeException if the shapes differ
   * @throws IllegalArgumentException if y isn't tracked
   */
  public static Gradients of(Tensor y, Tensor dy) {
    return of(List.of(y), List.of(dy));
  }

  /**
   * Gradients of {@code sum(y * dy)} over several pairs at once.
   *
   * @throws ShapeException if a pair's shapes differ
   * @throws IllegalArgumentException if the lists differ in length or no y is tracked
   */
  public static Gradients of(List<Tensor> ys, List<Tensor> dys) {
    if (ys.size() != dys.size()) {
      throw new IllegalArgumentException(
          "gradients: each y needs its dy, " + ys.size() + " != " + dys.size());
    }
    Map<History, Tensor> pending = new IdentityHashMap<>();
    List<History> roots = new ArrayList<>();
    for (int i = 0; i < ys.size(); i++) {
      Tensor y = ys.get(i);
      Tensor dy = dys.get(i).detached();
      if (!dy.shape().equals(y.shape())) {
        throw new ShapeException("gradients", "y and dy must be alike", y.shape(), dy.shape());
      }
      History history = y.history();
      if (history != null) {
        roots.add(history);
        accumulate(pending, history, dy);
      }
    }
    if (roots.isEmpty()) {
      throw new IllegalArgumentException(
          "gradients: nothing to differentiate in, for no input was tracked(); got " + ys);
    }
    return new Gradients(pullBack(operands(roots), pending));
  }

  /** Every history below the roots, each after all that it was computed from. */
  private static List<History> operands(List<History> roots) {
    List<History> order = new ArrayList<>();
    Map<History, Boolean> seen = new IdentityHashMap<>();
    // an explicit stack: graphs are deeper than a thread's
    Deque<Visit> path = new ArrayDeque<>();
    for (History root : roots) {
      if (seen.put(root, true) == null) {
        path.push(new Visit(root, root.inputs().iterator()));
      }
      while (!path.isEmpty()) {
        Visit visit = path.element();
        if (!visit.inputs.hasNext()) {
          order.add(path.pop().history);
          continue;
        }
        History input = visit.inputs.next();
        if (input != null && seen.put(input, true) == null) {
          path.push(new Visit(input, input.inputs().iterator()));
        }
      }
    }
    return order;
  }

  private record Visit(History history, Iterator<@Nullable History> inputs) {}

  /** Takes gradients from results to operands; leaves stay in {@code pending}, all else goes. */
  private static Map<History, Tensor> pullBack(List<History> order, Map<History, Tensor> pending) {
    for (int i = order.size() - 1; i >= 0; i--) {
      History history = order.get(i);
      if (history.isLeaf()) {
        continue;
      }
      Tensor dy = pending.remove(history);
      if (dy != null) {
        share(history, history.pullBack(dy), pending);
      }
    }
    return pending;
  }

  private static void share(
      History result, List<@Nullable Tensor> gradients, Map<History, Tensor> pending) {
    List<@Nullable History> inputs = result.inputs();
    if (gradients.size() != inputs.size()) {
      throw new IllegalStateException(
          "gradients: an operation on "
              + inputs.size()
              + " inputs gave "
              + gradients.size()
              + " gradients; its result is "
              + result.shape());
    }
    for (int i = 0; i < inputs.size(); i++) {
      History input = inputs.get(i);
      Tensor gradient = gradients.get(i);
      if (input == null || gradient == null) {
        continue;
      }
      if (!gradient.shape().equals(input.shape())) {
        throw new ShapeException(
            "gradients",
            "the gradient of input " + i + " of an operation must have the input's shape",
            input.shape(),
            gradient.shape());
      }
      accumulate(pending, input, gradient.detached());
    }
  }

  private static void accumulate(Map<History, Tensor> pending, History history, Tensor gradient) {
    Tensor before = pending.get(history);
    pending.put(history, before == null ? gradient : before.add(gradient));
  }

  /** Whether a gradient reached this tensor. */
  public boolean has(Tensor leaf) {
    return find(leaf).isPresent();
  }

  /**
   * The gradient in a tracked leaf, of its shape.
   *
   * @throws NoSuchElementException if the tensor isn't tracked, is a result and not a leaf, or was
   *     reached by no gradient
   */
  public Tensor get(Tensor leaf) {
    return find(leaf).orElseThrow(() -> new NoSuchElementException(whyAbsent(leaf)));
  }

  /** The gradient in a tracked leaf, empty if it is absent. */
  public Optional<Tensor> find(Tensor leaf) {
    History history = leaf.history();
    return history == null ? Optional.empty() : Optional.ofNullable(byLeaf.get(history));
  }

  /**
   * The gradients in those of the named leaves that have one, under the same names and in order.
   */
  public SequencedMap<String, Tensor> named(Map<String, Tensor> leaves) {
    SequencedMap<String, Tensor> gradients = new LinkedHashMap<>();
    leaves.forEach((name, leaf) -> find(leaf).ifPresent(g -> gradients.put(name, g)));
    return gradients;
  }

  private static String whyAbsent(Tensor leaf) {
    History history = leaf.history();
    if (history == null) {
      return "gradients: " + leaf + " isn't tracked, so it has no gradient";
    }
    return history.isLeaf()
        ? "gradients: no gradient reached " + leaf
        : "gradients: " + leaf + " is an operation's result; only leaves' gradients are kept";
  }
}
