package dev.azimuth.metrics;

/**
 * How well CLIP's embeddings of a picture and of a text, or of another picture, agree (Hessel et
 * al. 2021; reference {@code clipscore.py}).
 *
 * @param weight of the cosine, 2.5 in the paper
 */
public record ClipScore(double weight) {
  /** The paper's. */
  public static final ClipScore PUBLISHED = new ClipScore(2.5);

  /** weight · max(cosine, 0) of an image's and a text's embedding, normalised or not. */
  public double of(float[] image, float[] text) {
    return weight * Math.max(similarity(image, text), 0);
  }

  /**
   * The cosine between two embeddings, normalised or not.
   *
   * @throws IllegalArgumentException if they differ in length or one is zero
   */
  public static double similarity(float[] a, float[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException(
          "clip: embeddings must have one length, " + a.length + " != " + b.length);
    }
    double product = dot(a, b);
    double lengths = Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b));
    if (lengths == 0) {
      throw new IllegalArgumentException("clip: an embedding of zeros has no direction");
    }
    return product / lengths;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
