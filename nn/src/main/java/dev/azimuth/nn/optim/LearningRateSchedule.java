package dev.azimuth.nn.optim;

import java.util.List;

/** What the learning rate is multiplied by at each step of training. */
@FunctionalInterface
public interface LearningRateSchedule {
  /** The multiplier at a step; the first is step 0. */
  double multiplier(long step);

  /** Always 1. */
  static LearningRateSchedule constant() {
    return step -> 1;
  }

  /**
   * Rises linearly over the first {@code warmUp} steps, from 1 / warmUp at step 0 to 1, then falls
   * as half a cosine to {@code floor} at step {@code total}, and stays there (Loshchilov and Hutter
   * 2017, without restarts).
   *
   * @throws IllegalArgumentException unless 0 ≤ warmUp < total and floor is in [0, 1]
   */
  static LearningRateSchedule cosine(long warmUp, long total, double floor) {
    if (warmUp < 0 || warmUp >= total || !(floor >= 0 && floor <= 1)) {
      throw new IllegalArgumentException(
          "schedule: needs 0 <= warmUp < total and floor in [0, 1], not warmUp "
              + warmUp
              + ", total "
              + total
              + ", floor "
              + floor);
    }
    return step -> {
      if (step < warmUp) {
        return (step + 1.0) / warmUp;
      }
      double done = Math.min(1, (double) (step - warmUp) / (total - warmUp));
      return floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * done));
    };
  }

  /**
   * Latent diffusion's {@code LambdaLinearScheduler}: in each cycle, a linear rise over its first
   * steps, then a linear change over the whole cycle's length. With n' the step within the cycle:
   * {@code (max - start) / warmUpSteps · n' + start} while n' is below {@code warmUpSteps}, after
   * it {@code min + (max - min) · (length - n') / length}. A step on the border of two cycles
   * belongs to the earlier one.
   *
   * @param cycles one after the other
   */
  record LambdaLinear(List<Cycle> cycles) implements LearningRateSchedule {
    /**
     * A schedule of these cycles.
     *
     * @throws IllegalArgumentException if there is none
     */
    public LambdaLinear {
      cycles = List.copyOf(cycles);
      if (cycles.isEmpty()) {
        throw new IllegalArgumentException("schedule: needs a cycle or more");
      }
    }

    /**
     * One cycle.
     *
     * @param warmUpSteps steps that rise
     * @param length steps in all
     * @param start multiplier at the first step
     * @param max multiplier to which it rises
     * @param min multiplier at the end
     */
    public record Cycle(long warmUpSteps, long length, double start, double max, double min) {
      /**
       * Checks the lengths.
       *
       * @throws IllegalArgumentException unless 0 ≤ warmUpSteps and 1 ≤ length
       */
      public Cycle {
        if (warmUpSteps < 0 || length < 1) {
          throw new IllegalArgumentException(
              "schedule: a cycle needs 0 <= warmUpSteps and 1 <= length, not "
                  + warmUpSteps
                  + " and "
                  + length);
        }
      }

      private double multiplier(long n) {
        return n < warmUpSteps
            ? (max - start) / warmUpSteps * n + start
            : min + (max - min) * (length - n) / length;
      }
    }

    /**
     * The multiplier at a step.
     *
     * @throws IllegalArgumentException if the step is negative or past the last cycle
     */
    @Override
    public double multiplier(long step) {
      long begin = 0;
      for (Cycle cycle : cycles) {
        if (step >= 0 && step - begin <= cycle.length) {
          return cycle.multiplier(step - begin);
        }
        begin += cycle.length;
      }
      throw new IllegalArgumentException(
          "schedule: step " + step + " is outside its cycles' " + begin + " steps");
    }
  }
}
