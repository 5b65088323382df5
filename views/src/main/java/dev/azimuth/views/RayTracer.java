package dev.azimuth.views;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Renders a mesh under a {@link Lighting} from any camera, over a transparent background.
 *
 * <p>Random numbers are fixed by the seed and the pixel, so any number of threads gives the same
 * bits. Colours are averaged in linear light over a pixel's area, rolled off softly towards white
 * and encoded as sRGB.
 */
public final class RayTracer {
  private final Mesh mesh;
  private final Bvh bvh;
  private final Lighting lighting;

  /**
   * Prepares a mesh; it is best {@linkplain Mesh#normalised normalised}, since the light stands at
   * distance 3 from the origin.
   *
   * @throws IllegalArgumentException if the mesh has no triangles
   */
  public RayTracer(Mesh mesh, Lighting lighting) {
    this.mesh = mesh;
    this.bvh = new Bvh(mesh.positions);
    this.lighting = lighting;
  }

  /**
   * Renders one view.
   *
   * @param width in pixels
   * @param height in pixels
   * @param samples rays per pixel; powers of two are spread best
   * @param seed of the noise
   * @param threads at least 1; the picture doesn't depend on it
   * @throws IllegalArgumentException if a number is not positive
   */
  public Image render(Camera camera, int width, int height, int samples, long seed, int threads) {
    if (width < 1 || height < 1 || samples < 1 || threads < 1) {
      throw new IllegalArgumentException(
          "render: size, samples and threads must be at least 1; got %d x %d, %d samples, %d threads"
              .formatted(width, height, samples, threads));
    }
    float[] rgba = new float[Math.multiplyExact(Math.multiplyExact(width, height), 4)];
    Film film = new Film(camera, width, height, samples, seed, rgba);
    int workers = Math.min(threads, height);
    if (workers == 1) {
      Shader shader = new Shader(mesh, bvh, lighting);
      for (int y = 0; y < height; y++) {
        film.row(shader, y);
      }
    } else {
      inParallel(film, height, workers);
    }
    return new Image(width, height, rgba);
  }

  private void inParallel(Film film, int height, int workers) {
    AtomicInteger next = new AtomicInteger();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Thread[] threads = new Thread[workers];
    for (int i = 0; i < workers; i++) {
      threads[i] =
          Thread.ofPlatform()
              .daemon()
              .name("azimuth-render-" + i)
              .start(
                  () -> {
                    try {
                      Shader shader = new Shader(mesh, bvh, lighting);
                      for (int y = next.getAndIncrement(); y < height; y = next.getAndIncrement()) {
                        film.row(shader, y);
                      }
                    } catch (Throwable e) {
                      failure.set(e);
                    }
                  });
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true; // the rows left are few: end them, then tell the caller
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    Throwable thrown = failure.get();
    if (thrown != null) {
      throw new IllegalStateException("rendering failed", thrown);
    }
  }

  /** Counts how many of the camera's rays, one per pixel centre, hit the mesh: for timing. */
  public int countHits(Camera camera, int width, int height) {
    Film film = new Film(camera, width, height, 1, 0, new float[0]);
    Ray ray = new Ray();
    float[] d = new float[3];
    int hits = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        film.direction(x + 0.5f, y + 0.5f, d);
        ray.set(film.ox, film.oy, film.oz, d[0], d[1], d[2]);
        hits += bvh.intersect(ray) ? 1 : 0;
      }
    }
    return hits;
  }

  /** The picture being made. */
  private static final class Film {
    private static final int FILM = 0;

    private final int width;
    private final int height;
    private final int samples;
    private final long seed;
    private final float[] rgba;
    private final float[] m = new float[12];
    private final float ox;
    private final float oy;
    private final float oz;
    private final float step;

    Film(Camera camera, int width, int height, int samples, long seed, float[] rgba) {
      this.width = width;
      this.height = height;
      this.samples = samples;
      this.seed = seed;
      this.rgba = rgba;
      double[] rt = camera.worldToCamera();
      for (int i = 0; i < 12; i++) {
        m[i] = (float) rt[i];
      }
      double[] c = camera.centre();
      ox = (float) c[0];
      oy = (float) c[1];
      oz = (float) c[2];
      double half = Math.tan(Math.toRadians(camera.fieldOfView() / 2));
      step = (float) (2 * half / Math.max(width, height));
    }

    /** The unit direction through a point of the film, in pixels from its upper left corner. */
    void direction(float px, float py, float[] out) {
      float x = (px - width * 0.5f) * step;
      float y = (height * 0.5f - py) * step;
      float scale = 1 / (float) Math.sqrt(x * x + y * y + 1);
      for (int c = 0; c < 3; c++) {
        out[c] = (x * m[c] + y * m[4 + c] - m[8 + c]) * scale;
      }
    }

    void row(Shader shader, int y) {
      float[] d = new float[3];
      double[] sum = new double[4];
      for (int x = 0; x < width; x++) {
        Arrays.fill(sum, 0);
        int pixel = y * width + x;
        shader.samples.pixel(SeedStream.mix(seed ^ SeedStream.mix(pixel + 1)));
        for (int s = 0; s < samples; s++) {
          shader.samples.sample(s);
          shader.samples.next(FILM);
          direction(x + shader.samples.x, y + shader.samples.y, d);
          shader.trace(ox, oy, oz, d[0], d[1], d[2]);
          for (int c = 0; c < 4; c++) {
            sum[c] += shader.result[c];
          }
        }
        develop(sum, 4 * pixel);
      }
    }

    private void develop(double[] sum, int at) {
      double coverage = sum[3];
      if (coverage <= 0) {
        return; // nothing there: transparent black
      }
      for (int c = 0; c < 3; c++) {
        rgba[at + c] = (float) Srgb.fromLinear(shoulder(sum[c] / coverage));
      }
      rgba[at + 3] = (float) Math.min(1, coverage / samples);
    }

    /** Leaves up to 0.7 as it is and bends what is above towards 1, so that little burns out. */
    private static double shoulder(double light) {
      return light <= 0.7 ? light : 0.7 + 0.3 * (1 - Math.exp(-(light - 0.7) / 0.3));
    }
  }
}
