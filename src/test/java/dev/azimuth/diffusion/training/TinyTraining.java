package dev.azimuth.diffusion.training;

import dev.azimuth.diffusion.TinyModels;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A whole training in seconds, in this JVM or, by {@link #main}, in one that may be killed.
 *
 * <p>Every stage has warm-up, decay, clipping, a running average and a checkpoint every third step.
 */
public final class TinyTraining {
  private static final int OBJECTS = 6;

  private TinyTraining() {}

  static TrainingConfig config(int steps) {
    return new TrainingConfig(
        7,
        TinyModels.model(),
        stage(steps, 0.004, 0.9),
        1e-4,
        stage(steps, 0.002, 0),
        0.2,
        stage(steps, 0.004, 0.9),
        10,
        2,
        true,
        ViewRange.ONE);
  }

  private static StageConfig stage(int steps, double learningRate, double emaDecay) {
    return new StageConfig(steps, 4, learningRate, 5, 0.1, 0.01, 1, emaDecay, 3);
  }

  static TrainingViews views() {
    return new SyntheticViews(OBJECTS, TinyModels.model().imageSize());
  }

  static TrainingRun run(Backend backend, TrainingConfig config, Path folder, boolean resume)
      throws IOException {
    return new TrainingRun(backend, config, views(), folder, resume);
  }

  /**
   * Arguments: the run's folder, steps of each stage. Resumes if there is a run, and says each
   * step.
   */
  public static void main(String... args) throws IOException {
    try (Backend backend = CpuBackend.simd(1)) {
      StageListener speaking =
          new SilentListener() {
            @Override
            public void step(long step, double loss) {
              System.out.println(step);
            }
          };
      run(backend, config(Integer.parseInt(args[1])), Path.of(args[0]), true).run(speaking);
    }
  }

  /** Listens and does nothing. */
  static class SilentListener implements StageListener {
    @Override
    public void begins(String stage, long from, long steps) {}

    @Override
    public void step(long step, double loss) {}

    @Override
    public void encoded(int done, int all) {}
  }
}
