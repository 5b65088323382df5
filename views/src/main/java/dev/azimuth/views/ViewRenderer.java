package dev.azimuth.views;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.azimuth.tensor.file.Npy;
import dev.azimuth.views.ObjectReport.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Renders objects to a data set in the published layout: {@code <uid>/000.png …} (RGBA, straight
 * alpha), {@code <uid>/000.npy …} (3×4 float64 {@code [R|t]}), {@code valid_paths.json}; and {@code
 * <uid>/object.json} ({@link ObjectInfo}) for attribution.
 *
 * <p>Cameras stand where the {@link CameraRig} puts them, look at the origin, and have the
 * published field of view of 49.134°. Cameras, light and noise are fixed by the seed and the
 * object's uid, not by its place in the list or the threads.
 *
 * <p>Resumable: an object's folder appears by one rename when it is complete, and complete ones are
 * kept. One that was rendered with other settings ends the run with an error.
 */
public final class ViewRenderer {
  static final String VALID_PATHS = "valid_paths.json";

  private final RenderSettings settings;

  public ViewRenderer(RenderSettings settings) {
    this.settings = settings;
  }

  /**
   * Renders an object from given cameras, under the light and with the normalisation that it has in
   * a data set of the same seed; for the truth beside generated views.
   *
   * @throws IOException if its mesh can't be used
   */
  public List<Image> render(MeshAsset asset, List<Camera> cameras) throws IOException {
    RayTracer tracer =
        new RayTracer(
            asset.loader().load().normalised(), Lighting.of(settings.seed(), asset.uid()));
    List<Image> images = new ArrayList<>();
    for (int i = 0; i < cameras.size(); i++) {
      images.add(
          tracer.render(
              cameras.get(i),
              settings.size(),
              settings.size(),
              settings.samples(),
              noiseSeed(asset.uid(), i),
              settings.threads()));
    }
    return images;
  }

  private long noiseSeed(String uid, int view) {
    return SeedStream.of(settings.seed(), "noise of " + uid + " " + view).nextLong();
  }

  /**
   * Renders all that is missing in {@code out} and writes {@code valid_paths.json}, in the order of
   * the list, if it isn't empty. Objects that can't be loaded are skipped and reported.
   *
   * @return one report per object, in the order of the list
   * @throws IOException if a file can't be written, or an object is there with other settings
   * @throws InterruptedException if this thread is interrupted; what is complete stays
   */
  public List<ObjectReport> render(List<MeshAsset> assets, Path out, RenderProgress progress)
      throws IOException, InterruptedException {
    Files.createDirectories(out);
    // whole objects side by side keep all threads busy; a few large ones share their rows instead
    int workers = Math.clamp(assets.size(), 1, settings.threads());
    int rowThreads = Math.max(1, settings.threads() / workers);
    AtomicInteger done = new AtomicInteger();
    List<Future<ObjectReport>> futures = new ArrayList<>();
    ExecutorService pool =
        Executors.newFixedThreadPool(
            workers, Thread.ofPlatform().daemon().name("azimuth-views-", 0).factory());
    List<ObjectReport> reports = new ArrayList<>();
    try {
      for (MeshAsset asset : assets) {
        futures.add(
            pool.submit(
                () -> {
                  ObjectReport report = renderObject(asset, out, rowThreads);
                  synchronized (progress) {
                    progress.finished(report, done.incrementAndGet(), assets.size());
                  }
                  return report;
                }));
      }
      for (Future<ObjectReport> future : futures) {
        reports.add(future.get());
      }
    } catch (ExecutionException e) {
      throw unwrap(e);
    } finally {
      pool.shutdownNow();
      pool.awaitTermination(1, TimeUnit.MINUTES);
    }
    writeValidPaths(reports, out);
    return reports;
  }

  private static IOException unwrap(ExecutionException e) throws InterruptedException {
    Throwable cause = e.getCause();
    if (cause instanceof IOException io) {
      return io;
    }
    if (cause instanceof CancellationException) {
      throw new InterruptedException("rendering was interrupted");
    }
    if (cause instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return new IOException("rendering failed: " + cause, cause);
  }

  private static void writeValidPaths(List<ObjectReport> reports, Path out) throws IOException {
    ArrayNode valid = JsonNodeFactory.instance.arrayNode();
    for (ObjectReport report : reports) {
      if (report.outcome() == Outcome.RENDERED || report.outcome() == Outcome.KEPT) {
        valid.add(report.uid());
      }
    }
    if (!valid.isEmpty()) {
      Json.write(out.resolve(VALID_PATHS), valid);
    }
  }

  private ObjectReport renderObject(MeshAsset asset, Path out, int rowThreads) throws IOException {
    long start = System.nanoTime();
    Path folder = out.resolve(asset.uid());
    if (Files.exists(folder)) {
      return kept(asset, folder);
    }
    AtomicFiles.deleteLeftovers(folder);
    Mesh mesh;
    try {
      mesh = asset.loader().load().normalised();
    } catch (IOException e) {
      return new ObjectReport(
          asset.uid(), Outcome.SKIPPED, 0, seconds(start), List.of(String.valueOf(e.getMessage())));
    }
    Path unfinished = AtomicFiles.beside(folder);
    try {
      Files.createDirectory(unfinished);
      ObjectInfo info = renderInto(asset, mesh, unfinished, rowThreads);
      AtomicFiles.move(unfinished, folder);
      return report(info, info.blankViews().isEmpty() ? Outcome.RENDERED : null, seconds(start));
    } finally {
      AtomicFiles.deleteTree(unfinished);
    }
  }

  private ObjectReport kept(MeshAsset asset, Path folder) throws IOException {
    ObjectInfo info = ObjectInfo.read(folder);
    if (!info.matches(settings)) {
      throw new IOException(
          ("%s: was rendered with %d views of %d pixels, %d samples, seed %d, %s, not with"
                  + " these settings; render to another folder or delete it")
              .formatted(
                  folder, info.views(), info.size(), info.samples(), info.seed(), info.rig()));
    }
    if (!info.source().equals(asset.source())) {
      throw new IOException(
          "%s: was rendered from %s, not from %s; render to another folder or delete it"
              .formatted(folder, info.source(), asset.source()));
    }
    return report(info, info.blankViews().isEmpty() ? Outcome.KEPT : null, 0);
  }

  private static ObjectReport report(ObjectInfo info, @Nullable Outcome good, double seconds) {
    List<String> findings = new ArrayList<>(info.findings());
    for (int view : info.blankViews()) {
      findings.add("nothing is seen in view " + png(view));
    }
    Outcome outcome = good == null ? Outcome.BLANK_VIEWS : good;
    return new ObjectReport(info.uid(), outcome, info.triangles(), seconds, findings);
  }

  private ObjectInfo renderInto(MeshAsset asset, Mesh mesh, Path folder, int rowThreads)
      throws IOException {
    Lighting lighting = Lighting.of(settings.seed(), asset.uid());
    RayTracer tracer = new RayTracer(mesh, lighting);
    List<Camera> cameras = settings.rig().cameras(settings.seed(), asset.uid(), settings.views());
    List<Integer> blank = new ArrayList<>();
    for (int i = 0; i < cameras.size(); i++) {
      if (Thread.interrupted()) {
        throw new CancellationException();
      }
      Image image =
          tracer.render(
              cameras.get(i),
              settings.size(),
              settings.size(),
              settings.samples(),
              noiseSeed(asset.uid(), i),
              rowThreads);
      // judged as written: a trace of coverage may round to no alpha at all
      byte[] encoded = image.encodePng();
      if (Image.decode(encoded, png(i)).isFullyTransparent()) {
        blank.add(i);
      }
      Files.write(folder.resolve(png(i)), encoded);
      Npy.write(folder.resolve(npy(i)), cameras.get(i).worldToCamera(), 3, 4);
    }
    ObjectInfo info =
        new ObjectInfo(
            asset.uid(),
            asset.name(),
            asset.creator(),
            asset.licence(),
            asset.category(),
            asset.source(),
            mesh.triangleCount(),
            lighting,
            settings.views(),
            settings.size(),
            settings.samples(),
            settings.seed(),
            settings.rig(),
            blank,
            mesh.warnings());
    info.write(folder);
    return info;
  }

  /** File name of a view's picture. */
  static String png(int view) {
    return "%03d.png".formatted(view);
  }

  /** File name of a view's camera. */
  static String npy(int view) {
    return "%03d.npy".formatted(view);
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  @Override
  public String toString() {
    return "ViewRenderer[" + settings + "]";
  }
}
