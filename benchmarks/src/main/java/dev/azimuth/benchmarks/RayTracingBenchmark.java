package dev.azimuth.benchmarks;

import dev.azimuth.views.Camera;
import dev.azimuth.views.Lighting;
import dev.azimuth.views.Mesh;
import dev.azimuth.views.RayTracer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Camera rays against a bumpy ring of 10,000 triangles that fills a quarter of the picture, on one
 * core; and a whole view of 64 by 64 pixels with 32 samples, as the small model's data set has. The
 * counter {@code megarays} is millions of camera rays per second.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Benchmark)
public class RayTracingBenchmark {
  private static final int AROUND = 100;
  private static final int ACROSS = 50;
  private static final int SIDE = 512;
  private static final int VIEW_SIDE = 64;
  private static final int SAMPLES = 32;

  private final RayTracer tracer =
      new RayTracer(Mesh.ofTriangles(ring()), new Lighting(450, 0.3, 0.4, 1));
  private final Camera camera = Camera.spherical(0.9, 0.5, 1.6, Camera.PUBLISHED_FIELD_OF_VIEW);

  /** Counts camera rays beside calls. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Rate {
    /** Camera rays so far, in millions. */
    public double megarays;
  }

  /** Holds the part of the picture that the ring fills against what it must be. */
  @Setup(Level.Trial)
  public void setUp() {
    double filled = (double) tracer.countHits(camera, SIDE, SIDE) / (SIDE * SIDE);
    if (!(filled > 0.2 && filled < 0.35)) {
      throw new IllegalStateException("the ring fills " + filled + " of the picture");
    }
  }

  private static float[] ring() {
    float[] p = new float[AROUND * ACROSS * 18];
    int at = 0;
    for (int i = 0; i < AROUND; i++) {
      for (int j = 0; j < ACROSS; j++) {
        int[][] corners = {{i, j}, {i + 1, j}, {i + 1, j + 1}, {i, j}, {i + 1, j + 1}, {i, j + 1}};
        for (int[] corner : corners) {
          double a = 2 * Math.PI * corner[0] / AROUND;
          double b = 2 * Math.PI * corner[1] / ACROSS;
          double thick = 0.14 + 0.02 * Math.sin(9 * a) * Math.cos(7 * b);
          p[at++] = (float) ((0.33 + thick * Math.cos(b)) * Math.cos(a));
          p[at++] = (float) ((0.33 + thick * Math.cos(b)) * Math.sin(a));
          p[at++] = (float) (thick * Math.sin(b));
        }
      }
    }
    return p;
  }

  /** One ray through the centre of each pixel: nearest hits only. */
  @Benchmark
  public int cameraRays(Rate rate) {
    rate.megarays += SIDE * SIDE * 1e-6;
    return tracer.countHits(camera, SIDE, SIDE);
  }

  /** A view with light, shadows and one bounce. */
  @Benchmark
  public Object view(Rate rate) {
    rate.megarays += VIEW_SIDE * VIEW_SIDE * SAMPLES * 1e-6;
    return tracer.render(camera, VIEW_SIDE, VIEW_SIDE, SAMPLES, 1, 1);
  }
}
