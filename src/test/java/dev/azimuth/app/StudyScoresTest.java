package dev.azimuth.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.diffusion.PoseEncoding;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.views.ViewDataset;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class StudyScoresTest {
  private static final int SIZE = 64;

  /** The truth is on its own side, the other side's view on the other; at 180° they are one. */
  @Test
  void theSideIsThatOfTheNearerView() throws IOException {
    ViewDataset dataset = ViewDataset.open(ModelOptions.bundled().resolve("demo"));
    List<String> uids = dataset.objects().subList(0, 3);
    try (Backend backend = CpuBackend.simd(2);
        Progress progress = new Progress("reading views", uids.size())) {
      DatasetViews views = DatasetViews.read(dataset, uids, SIZE, PoseEncoding.ZERO123, progress);
      StudyTrials trials = new StudyTrials(views, new StudyConfig.Evaluation(1, 3, 4, 30, 0), 1);
      Zero123 model = Zero123.open(backend, ModelOptions.bundled());
      List<float[]> truth = trials.all().stream().map(trials::truth).toList();
      List<float[]> other = trials.all().stream().map(trials::otherSide).toList();
      List<StudyScores.Score> right = scores(trials, truth, model);
      List<StudyScores.Score> wrong = scores(trials, other, model);
      int told = 0;
      for (int i = 0; i < trials.all().size(); i++) {
        StudyTrials.Trial trial = trials.all().get(i);
        boolean isOneView = trial.otherSide() == trial.target();
        double[] move =
            views.relativePose(trial.object(), trial.conditions().get(0), trial.target());
        assertEquals(isOneView, Math.abs(move[1]) < 1e-6 && move[2] < 0, "a turn of 180° alone");
        assertEquals(isOneView ? 0.5 : 1, right.get(i).side());
        assertEquals(isOneView ? 0.5 : 0, wrong.get(i).side());
        told += isOneView ? 0 : 1;
      }
      assertTrue(told >= trials.all().size() / 2, told + " of " + trials.all().size());
    }
  }

  private static List<StudyScores.Score> scores(
      StudyTrials trials, List<float[]> made, Zero123 model) {
    return StudyScores.of("any", 1, 1, trials, made, model.conditioner().encoder(), SIZE).scores();
  }
}
