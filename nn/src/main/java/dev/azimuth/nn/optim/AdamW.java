package dev.azimuth.nn.optim;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), as {@code torch.optim.AdamW}
 * computes it. At a parameter's step t = 1, 2, ..., with gradient g:
 *
 * <pre>
 * p ← p (1 - lr·weightDecay)
 * m ← β₁ m + (1 - β₁) g
 * v ← β₂ v + (1 - β₂) g²
 * p ← p - lr / (1 - β₁ᵗ) · m / (√v / √(1 - β₂ᵗ) + eps)
 * </pre>
 *
 * <p>A parameter whose gradient is <em>absent</em> is left alone: no decay, no step counted. A
 * gradient of <em>zeros</em> is a gradient: from the start it shrinks the parameter by 1 -
 * lr·weightDecay a step. Parameters that a network never uses stay as they are in the first case
 * and fade in the second.
 *
 * <p>Parameters are changed in place, so take all gradients of a computation before the step.
 */
public final class AdamW {
  private static final String FIRST_MOMENT = "exp_avg.";
  private static final String SECOND_MOMENT = "exp_avg_sq.";
  private static final String STEP = "step.";

  private final Settings settings;
  private final SequencedMap<String, Slot> slots = new LinkedHashMap<>();

  /**
   * The algorithm's numbers.
   *
   * @param learningRate lr, 0 or more
   * @param beta1 decay of the first moment, in [0, 1)
   * @param beta2 decay of the second moment, in [0, 1)
   * @param eps added to the denominator, 0 or more
   * @param weightDecay shrinks parameters by lr·weightDecay a step, 0 or more
   */
  public record Settings(
      double learningRate, double beta1, double beta2, double eps, double weightDecay) {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is outside its range
     */
    public Settings {
      require("learningRate", learningRate, Double.MAX_VALUE);
      require("beta1", beta1, Math.nextDown(1.0));
      require("beta2", beta2, Math.nextDown(1.0));
      require("eps", eps, Double.MAX_VALUE);
      require("weightDecay", weightDecay, Double.MAX_VALUE);
    }

    private static void require(String name, double value, double largest) {
      if (!(value >= 0 && value <= largest)) {
        String range = largest < 1 ? "in [0, 1)" : "finite and not negative";
        throw new IllegalArgumentException(
            "adamw: " + name + " must be " + range + ", not " + value);
      }
    }

    /** PyTorch's defaults: β = (0.9, 0.999), eps 1e-8, weight decay 0.01. */
    public static Settings of(double learningRate) {
      return new Settings(learningRate, 0.9, 0.999, 1e-8, 0.01);
    }

    /** The same with another weight decay. */
    public Settings withWeightDecay(double other) {
      return new Settings(learningRate, beta1, beta2, eps, other);
    }
  }

  /**
   * Parameters that share a learning rate.
   *
   * @param parameters by name; changed in place
   * @param learningRateFactor multiplies the learning rate, 0 or more
   */
  public record Group(SequencedMap<String, Tensor> parameters, double learningRateFactor) {
    /**
     * A group of these parameters.
     *
     * @throws IllegalArgumentException if the factor is negative or not finite
     */
    public Group {
      if (!(learningRateFactor >= 0 && learningRateFactor <= Double.MAX_VALUE)) {
        throw new IllegalArgumentException(
            "adamw: a learning-rate factor must be finite and not negative, not "
                + learningRateFactor);
      }
      parameters = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(parameters));
    }

    /** A group of these parameters in the map's order, at the plain learning rate. */
    public static Group of(Map<String, Tensor> parameters) {
      return new Group(new LinkedHashMap<>(parameters), 1);
    }
  }

  /** A parameter and what has been learned of its gradients; moments only since its first one. */
  private static final class Slot {
    final Tensor parameter;
    final double learningRateFactor;
    @Nullable Moments moments;
    long step;

    Slot(Tensor parameter, double learningRateFactor) {
      this.parameter = parameter;
      this.learningRateFactor = learningRateFactor;
    }
  }

  private record Moments(Tensor first, Tensor second) {
    static Moments zero(Tensor like) {
      return new Moments(zeros(like), zeros(like));
    }

    private static Tensor zeros(Tensor like) {
      return Tensor.zeros(like.backend(), like.dtype(), like.shape());
    }
  }

  /**
   * An optimizer that has seen no gradient.
   *
   * @throws IllegalArgumentException if two groups have a name or a tensor's elements in common
   */
  public AdamW(Settings settings, List<Group> groups) {
    this.settings = settings;
    Set<Object> buffers = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Group group : groups) {
      group
          .parameters()
          .forEach(
              (name, parameter) -> {
                Slot slot = new Slot(parameter, group.learningRateFactor());
                if (slots.put(name, slot) != null || !buffers.add(parameter.buffer())) {
                  throw new IllegalArgumentException("adamw: " + name + " is given twice");
                }
              });
    }
  }

  /** The algorithm's numbers. */
  public Settings settings() {
    return settings;
  }

  /** The learning rate of a group's parameters under a schedule's multiplier. */
  public double learningRate(Group group, double multiplier) {
    return settings.learningRate() * group.learningRateFactor() * multiplier;
  }

  /**
   * One step along these gradients; parameters without one are left alone.
   *
   * @param multiplier multiplies the learning rate, from a {@link LearningRateSchedule}
   */
  public void step(Gradients gradients, double multiplier) {
    slots.forEach(
        (name, slot) ->
            gradients.find(slot.parameter).ifPresent(g -> update(name, slot, g, multiplier)));
  }

  /**
   * One step along gradients under their parameters' names; parameters without one are left alone.
   *
   * @throws IllegalArgumentException if a name isn't a parameter's
   */
  public void step(Map<String, Tensor> gradients, double multiplier) {
    for (String name : gradients.keySet()) {
      if (!slots.containsKey(name)) {
        throw new IllegalArgumentException("adamw: a gradient of no parameter, " + name);
      }
    }
    slots.forEach(
        (name, slot) -> {
          Tensor gradient = gradients.get(name);
          if (gradient != null) {
            update(name, slot, gradient, multiplier);
          }
        });
  }

  private void update(String name, Slot slot, Tensor gradient, double multiplier) {
    Tensor parameter = slot.parameter;
    if (!gradient.shape().equals(parameter.shape())) {
      throw new ShapeException(
          "adamw",
          "the gradient of " + name + " must have its shape",
          parameter.shape(),
          gradient.shape());
    }
    if (gradient.backend() != parameter.backend() || gradient.dtype() != parameter.dtype()) {
      throw new IllegalArgumentException(
          "adamw: " + name + " and its gradient differ; got " + parameter + ", " + gradient);
    }
    Moments moments = slot.moments;
    if (moments == null) {
      moments = Moments.zero(parameter);
      slot.moments = moments;
    }
    slot.step++;
    double learningRate = settings.learningRate() * slot.learningRateFactor * multiplier;
    parameter
        .backend()
        .run(
            new Kernel.AdamW(
                parameter.detached(),
                gradient.detached(),
                moments.first,
                moments.second,
                new Kernel.AdamWStep(
                    learningRate,
                    settings.beta1(),
                    settings.beta2(),
                    settings.eps(),
                    settings.weightDecay(),
                    slot.step)));
  }

  /**
   * What {@link #restore} needs to go on with the same bits: for each parameter that has had a
   * gradient {@code exp_avg.NAME} (m), {@code exp_avg_sq.NAME} (v) and {@code step.NAME} (t,
   * float64). The tensors are the optimizer's own and change with its next step.
   */
  public SequencedMap<String, Tensor> state() {
    SequencedMap<String, Tensor> state = new LinkedHashMap<>();
    slots.forEach(
        (name, slot) -> {
          Moments moments = slot.moments;
          if (moments != null) {
            state.put(FIRST_MOMENT + name, moments.first);
            state.put(SECOND_MOMENT + name, moments.second);
            state.put(STEP + name, NamedState.ofCount(slot.step, slot.parameter));
          }
        });
    return state;
  }

  /**
   * Takes over a copy of what {@link #state} gave; parameters that it doesn't name start anew.
   *
   * @throws IllegalArgumentException listing every name that is missing, unexpected or misshapen;
   *     the optimizer is then as it was
   */
  public void restore(Map<String, Tensor> state) {
    NamedState stored = new NamedState("adamw", state);
    slots.forEach(
        (name, slot) -> {
          if (isStored(stored, name)) {
            stored.require(FIRST_MOMENT + name, slot.parameter);
            stored.require(SECOND_MOMENT + name, slot.parameter);
            stored.requireCount(STEP + name);
          }
        });
    stored.requireComplete();
    slots.forEach((name, slot) -> restore(stored, name, slot));
  }

  private static void restore(NamedState stored, String name, Slot slot) {
    boolean isStored = isStored(stored, name);
    slot.step = isStored ? stored.count(STEP + name) : 0;
    slot.moments =
        isStored
            ? new Moments(
                stored.copy(FIRST_MOMENT + name, slot.parameter),
                stored.copy(SECOND_MOMENT + name, slot.parameter))
            : null;
  }

  private static boolean isStored(NamedState stored, String name) {
    return stored.has(FIRST_MOMENT + name)
        || stored.has(SECOND_MOMENT + name)
        || stored.has(STEP + name);
  }
}
