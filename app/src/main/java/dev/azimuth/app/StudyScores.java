package dev.azimuth.app;

import dev.azimuth.diffusion.ViewEncoder;
import dev.azimuth.metrics.Psnr;
import dev.azimuth.metrics.Ssim;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What one way of making the new views reaches, trial by trial.
 *
 * @param variant its name
 * @param seed it was trained from; 0 for a baseline without training
 * @param views condition views that it was given
 * @param scores in the trials' order
 */
record StudyScores(String variant, long seed, int views, List<Score> scores) {
  private static final int BATCH = 32;

  /**
   * One new view beside the truth.
   *
   * @param uid its object
   * @param bin where it lies
   * @param psnr in dB, of pictures in [0, 1]
   * @param ssim with a Gaussian window, σ 1.5
   * @param distance 1 - the cosine between both pictures' embeddings by the study's own image
   *     encoder; a published network's it is not
   * @param side 1 if it is nearer to the truth than to what the same turn to the other side would
   *     show, 0 if it is farther, ½ if neither, as for a turn of 180°: who doesn't know to which
   *     side the camera went has ½ in the mean
   */
  record Score(
      String uid, StudyTrials.Bin bin, double psnr, double ssim, double distance, double side) {}

  /** Something measured of a {@link Score}. */
  enum Metric {
    PSNR("PSNR, dB") {
      @Override
      double of(Score score) {
        return score.psnr;
      }
    },
    SSIM("SSIM") {
      @Override
      double of(Score score) {
        return score.ssim;
      }
    },
    DISTANCE("encoder distance") {
      @Override
      double of(Score score) {
        return score.distance;
      }
    },
    SIDE("right side, share") {
      @Override
      double of(Score score) {
        return score.side;
      }
    };

    private final String title;

    Metric(String title) {
      this.title = title;
    }

    abstract double of(Score score);

    @Override
    public String toString() {
      return title;
    }
  }

  /** Measures pictures [size, size, 3] in [-1, 1], one for each trial. */
  static StudyScores of(
      String variant,
      long seed,
      int views,
      StudyTrials trials,
      List<float[]> made,
      ViewEncoder encoder,
      int size) {
    List<float[]> truth = trials.all().stream().map(trials::truth).toList();
    double[] distances = distances(made, truth, encoder, size);
    List<Score> scores = new ArrayList<>();
    for (int i = 0; i < made.size(); i++) {
      StudyTrials.Trial trial = trials.all().get(i);
      float[] a = EvaluationReport.unit(made.get(i));
      float[] b = EvaluationReport.unit(truth.get(i));
      float[] otherSide = EvaluationReport.unit(trials.otherSide(trial));
      scores.add(
          new Score(
              trials.uid(trial),
              trial.bin(),
              Psnr.of(a, b, 1),
              Ssim.gaussian(1).of(a, b, size, size, 3),
              distances[i],
              nearer(a, b, otherSide)));
    }
    return new StudyScores(variant, seed, views, scores);
  }

  /** 1 if a is nearer to b than to c, 0 if it is farther, ½ if neither. */
  private static double nearer(float[] a, float[] b, float[] c) {
    return 0.5 + 0.5 * Math.signum(Psnr.meanSquaredError(a, c) - Psnr.meanSquaredError(a, b));
  }

  private static double[] distances(
      List<float[]> made, List<float[]> truth, ViewEncoder encoder, int size) {
    double[] distances = new double[made.size()];
    for (int start = 0; start < distances.length; start += BATCH) {
      int end = Math.min(distances.length, start + BATCH);
      double[] a = embed(made.subList(start, end), encoder, size);
      double[] b = embed(truth.subList(start, end), encoder, size);
      int width = a.length / (end - start);
      for (int i = start; i < end; i++) {
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int k = (i - start) * width; k < (i - start + 1) * width; k++) {
          ab += a[k] * b[k];
          aa += a[k] * a[k];
          bb += b[k] * b[k];
        }
        distances[i] = 1 - ab / Math.sqrt(aa * bb);
      }
    }
    return distances;
  }

  private static double[] embed(List<float[]> pictures, ViewEncoder encoder, int size) {
    Tensor image = Poses.images(encoder.backend(), pictures, size);
    return encoder.embed(image, ViewEncoder.Detail.POOLED).toDoubles();
  }
}
