package dev.azimuth.app;

import dev.azimuth.tensor.random.TorchRandom;
import dev.azimuth.views.Camera;
import dev.azimuth.views.RelativePose;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * The new views that every variant of a study is asked for, drawn once: of each object as many in
 * front, to the side and behind. A variant that takes n views gets the first n condition views of
 * each, so that all share the first one, and the bin is told from it.
 */
final class StudyTrials {
  /** Where the new view lies by its azimuth from the first condition view. */
  enum Bin {
    FRONT(60),
    SIDE(120),
    BACK(180);

    private final double degrees;

    Bin(double degrees) {
      this.degrees = degrees;
    }

    /** The bin of an azimuth, radians in [0, 2π). */
    static Bin of(double azimuth) {
      double degrees = Math.toDegrees(Math.min(azimuth, 2 * Math.PI - azimuth));
      for (Bin bin : values()) {
        if (degrees <= bin.degrees) {
          return bin;
        }
      }
      return BACK;
    }

    /** As tables say it: {@code side}. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * One new view.
   *
   * @param object index of the object
   * @param target index of its true view
   * @param otherSide index of the view nearest to where the same turn to the other side would lead
   * @param conditions indices of its condition views, the first n of which n views are
   * @param bin where the target lies
   */
  record Trial(int object, int target, int otherSide, List<Integer> conditions, Bin bin) {}

  private final DatasetViews views;
  private final List<Trial> trials = new ArrayList<>();

  /**
   * Draws trials of all objects.
   *
   * @param most condition views of each
   * @throws IllegalArgumentException naming an object whose cameras allow none
   */
  StudyTrials(DatasetViews views, StudyConfig.Evaluation evaluation, int most) {
    this.views = views;
    for (int object = 0; object < views.objects(); object++) {
      for (Bin bin : Bin.values()) {
        draw(object, bin, evaluation, most);
      }
    }
  }

  private void draw(int object, Bin bin, StudyConfig.Evaluation evaluation, int most) {
    DatasetViews.ObjectViews own = views.all().get(object);
    int count = own.images().size();
    TorchRandom random = TorchRandom.stream(evaluation.seed(), own.uid().hashCode(), bin.ordinal());
    int found = 0;
    for (int index : random.randperm(count * count)) {
      int first = index / count;
      int target = index % count;
      Camera from = own.cameras().get(first);
      Camera to = own.cameras().get(target);
      if (first == target
          || found == evaluation.perBin()
          || Bin.of(RelativePose.between(from, to).azimuth()) != bin
          || angle(own, first, target) < evaluation.leastAngle()) {
        continue;
      }
      List<Integer> conditions = new ArrayList<>(List.of(first));
      for (int other : random.randperm(count)) {
        if (conditions.size() < most
            && other != first
            && other != target
            && angle(own, other, target) >= evaluation.leastAngle()) {
          conditions.add(other);
        }
      }
      if (conditions.size() == most) {
        RelativePose move = RelativePose.between(from, to);
        Camera mirrored =
            new RelativePose(move.polar(), -move.azimuth(), move.radius()).applyTo(from);
        int otherSide = nearest(own, mirrored);
        trials.add(new Trial(object, target, otherSide, conditions, bin));
        found++;
      }
    }
    if (found < evaluation.perBin()) {
      throw new IllegalArgumentException(
          "study: %s has %d of %d new views (%s) with %d condition views %s degrees away"
              .formatted(
                  own.uid(), found, evaluation.perBin(), bin, most, evaluation.leastAngle()));
    }
  }

  private static int nearest(DatasetViews.ObjectViews object, Camera wanted) {
    List<Camera> cameras = object.cameras();
    return IntStream.range(0, cameras.size())
        .boxed()
        .min(Comparator.comparingDouble(i -> RelativePose.angleBetween(cameras.get(i), wanted)))
        .orElseThrow();
  }

  private static double angle(DatasetViews.ObjectViews object, int a, int b) {
    return Math.toDegrees(
        RelativePose.angleBetween(object.cameras().get(a), object.cameras().get(b)));
  }

  /** New views of each object; its bins follow one another. */
  int perObject() {
    return trials.size() / views.objects();
  }

  List<Trial> all() {
    return trials;
  }

  String uid(Trial trial) {
    return views.all().get(trial.object).uid();
  }

  /** The true view [size, size, 3] in [-1, 1]. */
  float[] truth(Trial trial) {
    return views.image(trial.object, trial.target);
  }

  /** The view from the other side of the first condition view [size, size, 3] in [-1, 1]. */
  float[] otherSide(Trial trial) {
    return views.image(trial.object, trial.otherSide);
  }

  /** The first {@code count} condition views. */
  List<float[]> conditions(Trial trial, int count) {
    return trial.conditions.subList(0, count).stream()
        .map(i -> views.image(trial.object, i))
        .toList();
  }

  /** Of the first {@code count} condition views the one that lies nearest to the new view. */
  float[] nearest(Trial trial, int count) {
    DatasetViews.ObjectViews own = views.all().get(trial.object);
    int nearest = trial.conditions.get(0);
    for (int i : trial.conditions.subList(0, count)) {
      nearest = angle(own, i, trial.target) < angle(own, nearest, trial.target) ? i : nearest;
    }
    return own.images().get(nearest);
  }

  /** What a model is asked for with {@code count} condition views. */
  List<ViewSynthesis.Request> requests(int count, long seed) {
    List<ViewSynthesis.Request> requests = new ArrayList<>();
    for (Trial trial : trials) {
      List<double[]> poses =
          trial.conditions.subList(0, count).stream()
              .map(i -> views.relativePose(trial.object, i, trial.target))
              .toList();
      long own = TorchRandom.derive(seed, requests.size());
      requests.add(new ViewSynthesis.Request(conditions(trial, count), poses, own));
    }
    return requests;
  }
}
