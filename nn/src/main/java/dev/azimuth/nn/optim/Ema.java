package dev.azimuth.nn.optim;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A running average of parameters, {@code shadow ← shadow - (1 - d)(shadow - parameter)}, started
 * at their values: what is used after training (Polyak and Juditsky 1992). With warm-up d is
 * min(decay, (1 + n) / (10 + n)) at update n = 1, 2, ..., so that early weights are soon forgotten:
 * latent diffusion's {@code LitEma}.
 */
public final class Ema {
  private static final String SHADOW = "shadow.";
  private static final String UPDATES = "num_updates";

  private final double decay;
  private final boolean isWarmedUp;
  private final SequencedMap<String, Tensor> parameters;
  private final SequencedMap<String, Tensor> shadows = new LinkedHashMap<>();
  private long updates;

  /**
   * An average that starts at the parameters' present values.
   *
   * @param decay weight of the past in each update, in [0, 1]
   * @param isWarmedUp whether early updates forget faster
   * @param parameters by name; each {@link #update} reads their values of that moment
   * @throws IllegalArgumentException if the decay is outside [0, 1]
   */
  public Ema(double decay, boolean isWarmedUp, Map<String, Tensor> parameters) {
    if (!(decay >= 0 && decay <= 1)) {
      throw new IllegalArgumentException("ema: decay must be in [0, 1], not " + decay);
    }
    this.decay = decay;
    this.isWarmedUp = isWarmedUp;
    this.parameters = new LinkedHashMap<>(parameters);
    parameters.forEach((name, p) -> shadows.put(name, NamedState.copy(p, p)));
  }

  /** Latent diffusion's: decay 0.9999 with warm-up. */
  public static Ema of(Map<String, Tensor> parameters) {
    return new Ema(0.9999, true, parameters);
  }

  /** Takes the parameters' present values in. */
  public void update() {
    updates++;
    double d = isWarmedUp ? Math.min(decay, (1.0 + updates) / (10.0 + updates)) : decay;
    shadows.forEach(
        (name, shadow) -> {
          Tensor parameter = parameters.get(name);
          if (parameter != null) {
            shadow.backend().run(new Kernel.Ema(shadow, parameter.detached(), d));
          }
        });
  }

  /** Number of updates so far. */
  public long updates() {
    return updates;
  }

  /** The averages under their parameters' names, untracked; they change with the next update. */
  public SequencedMap<String, Tensor> shadows() {
    return Collections.unmodifiableSequencedMap(shadows);
  }

  /**
   * What {@link #restore} needs to go on with the same bits: {@code shadow.NAME} for each parameter
   * and {@code num_updates} (float64). The shadows are the average's own and change with the next
   * update.
   */
  public SequencedMap<String, Tensor> state() {
    SequencedMap<String, Tensor> state = new LinkedHashMap<>();
    shadows.forEach(
        (name, shadow) -> {
          state.put(SHADOW + name, shadow);
          state.putIfAbsent(UPDATES, NamedState.ofCount(updates, shadow));
        });
    return state;
  }

  /**
   * Takes over a copy of what {@link #state} gave.
   *
   * @throws IllegalArgumentException listing every name that is missing, unexpected or misshapen;
   *     the average is then as it was
   */
  public void restore(Map<String, Tensor> state) {
    NamedState stored = new NamedState("ema", state);
    shadows.forEach((name, shadow) -> stored.require(SHADOW + name, shadow));
    if (!shadows.isEmpty()) {
      stored.requireCount(UPDATES);
    }
    stored.requireComplete();
    shadows.replaceAll((name, shadow) -> stored.copy(SHADOW + name, shadow));
    updates = shadows.isEmpty() ? 0 : stored.count(UPDATES);
  }
}
