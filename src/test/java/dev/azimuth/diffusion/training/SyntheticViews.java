package dev.azimuth.diffusion.training;

import dev.azimuth.views.RelativePose;

/**
 * Four views each of objects that are a coloured disc off the axis: a picture and a move tell where
 * the disc will be.
 */
public record SyntheticViews(int objects, int size) implements TrainingViews {
  private static final int VIEWS = 4;

  @Override
  public int views(int object) {
    return VIEWS;
  }

  @Override
  public float[] image(int object, int view) {
    double angle = 2 * Math.PI * view / VIEWS + object;
    double cx = size * (0.5 + 0.25 * Math.sin(angle));
    double cy = size * (0.4 + 0.2 * (object % 2));
    float[] image = new float[size * size * 3];
    for (int i = 0; i < size * size; i++) {
      int row = i / size;
      double distance = Math.hypot(i % size + 0.5 - cx, row + 0.5 - cy);
      double inside = 1 / (1 + Math.exp(2 * (distance - size / 5.0)));
      for (int c = 0; c < 3; c++) {
        double colour = Math.cos(object * 1.7 + c * 2.1);
        image[3 * i + c] = (float) (1 - inside * (1 - colour));
      }
    }
    return image;
  }

  @Override
  public double[] relativePose(int object, int condition, int target) {
    float[] pose = RelativePose.ofDegrees(0, 360.0 * (target - condition) / VIEWS, 0).toVector();
    return new double[] {pose[0], pose[1], pose[2], pose[3]};
  }
}
