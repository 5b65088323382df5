package dev.azimuth.app;

import dev.azimuth.diffusion.Zero123;
import dev.azimuth.metrics.Psnr;
import dev.azimuth.tensor.Backend;
import dev.azimuth.views.Camera;
import dev.azimuth.views.Image;
import dev.azimuth.views.RelativePose;
import dev.azimuth.views.View;
import dev.azimuth.views.ViewDataset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The bundled model on the bundled pictures. */
@Command(
    name = "demo",
    description =
        "New views of objects that the bundled model has never seen, beside the ray-traced truth.")
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class DemoCommand implements Callable<Integer> {
  private static final int CELL = 96;

  @Option(
      names = "--out",
      defaultValue = "demo.png",
      paramLabel = "F.png",
      description = "The contact sheet (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Objects in the published layout; view 0 is the input (default: bundled).")
  private Path data = ModelOptions.bundled().resolve("demo");

  @Mixin private ModelOptions options;
  @Mixin private ComputeOptions compute;

  /** One object of the sheet. */
  private record Item(String uid, String name, Image input, List<View> truth, Camera camera) {}

  @Override
  public Integer call() throws Exception {
    long begin = System.nanoTime();
    Arguments.requireWritable(out);
    List<Item> items = read();
    try (Backend backend = compute.open()) {
      Zero123 model = options.open(backend);
      ViewSynthesis synthesis = new ViewSynthesis(model, options.sampling(model));
      List<ViewSynthesis.Request> requests = new ArrayList<>();
      for (Item item : items) {
        float[] condition = synthesis.condition(item.input);
        for (View view : item.truth) {
          RelativePose move = RelativePose.between(item.camera, view.camera());
          double[] pose = Poses.vector(model.config().pose(), move, item.camera.polar());
          requests.add(new ViewSynthesis.Request(condition, pose, options.seed(0)));
        }
      }
      List<Image> made = synthesis.run(requests);
      ContactSheet sheet =
          new ContactSheet(
              "azimuth demo: input, new views, and below them the ray-traced truth", CELL);
      int next = 0;
      for (Item item : items) {
        List<Image> views = made.subList(next, next + item.truth.size());
        next += item.truth.size();
        addRows(sheet, item, views, synthesis);
      }
      sheet.write(out);
      System.out.printf(
          "%s: %d views in %.1f s%n", out, made.size(), (System.nanoTime() - begin) / 1e9);
    }
    return 0;
  }

  private List<Item> read() throws IOException {
    ViewDataset dataset = ViewDataset.open(data);
    List<Item> items = new ArrayList<>();
    for (String uid : dataset.objects()) {
      View input = dataset.view(uid, 0);
      if (dataset.views(uid) < 2) {
        throw new IOException(data.resolve(uid) + ": has one view; the demo needs two or more");
      }
      List<View> truth = new ArrayList<>();
      for (int i = 1; i < dataset.views(uid); i++) {
        truth.add(dataset.view(uid, i));
      }
      items.add(new Item(uid, dataset.info(uid).name(), input.image(), truth, input.camera()));
    }
    return items;
  }

  private static void addRows(
      ContactSheet sheet, Item item, List<Image> made, ViewSynthesis synthesis) {
    List<Image> generated = new ArrayList<>();
    List<Image> truth = new ArrayList<>();
    List<String> captions = new ArrayList<>();
    generated.add(item.input.over(Image.Background.WHITE));
    truth.add(blank(item.input));
    captions.add("");
    double sum = 0;
    for (int i = 0; i < made.size(); i++) {
      View view = item.truth.get(i);
      float[] expected = synthesis.condition(view.image());
      double psnr =
          Psnr.of(
              EvaluationReport.unit(made.get(i).toSignedRgb()), EvaluationReport.unit(expected), 1);
      sum += psnr;
      generated.add(made.get(i));
      truth.add(view.image().over(Image.Background.WHITE));
      RelativePose pose = RelativePose.between(item.camera, view.camera());
      captions.add("%+.0f° %.1f dB".formatted(Math.toDegrees(pose.azimuth()), psnr));
    }
    String mean = "%.1f dB".formatted(sum / made.size());
    System.out.printf("%-40s %s%n", item.name, mean);
    sheet.row(List.of(item.name, "input, generated", mean), generated, List.of());
    sheet.row(List.of("", "truth"), truth, captions);
  }

  private static Image blank(Image like) {
    return new Image(like.width(), like.height(), new float[like.width() * like.height() * 4]);
  }
}
