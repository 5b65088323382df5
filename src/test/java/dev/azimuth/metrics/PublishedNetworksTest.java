package dev.azimuth.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.diffusion.ClipText;
import dev.azimuth.diffusion.ClipTextConfig;
import dev.azimuth.diffusion.ClipVision;
import dev.azimuth.diffusion.ClipVisionConfig;
import dev.azimuth.diffusion.checkpoint.ClipCheckpoint;
import dev.azimuth.diffusion.text.ClipTokenizer;
import dev.azimuth.diffusion.text.ClipVocabulary;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.PyTorchCheckpointWriter;
import dev.azimuth.tensor.file.TestFiles;
import dev.azimuth.tensor.random.TorchRandom;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files as users bring them: the published heads themselves, the large networks with noise. */
class PublishedNetworksTest {
  private static final Backend CPU = CpuBackend.simd(2);

  @TempDir Path folder;

  @AfterAll
  static void close() {
    CPU.close();
  }

  private static Path heads(String net) {
    return TestFiles.reference("lpips/" + net + ".pth");
  }

  /** Writes tensors of noise with these names and shapes as a PyTorch file. */
  private Path write(String name, Map<String, Shape> shapes) throws IOException {
    PyTorchCheckpointWriter writer = new PyTorchCheckpointWriter();
    shapes.forEach(
        (tensor, shape) -> {
          float[] values = new float[shape.size()];
          double scale = shape.rank() > 1 ? Math.sqrt(1.0 * shape.dim(0) / shape.size()) : 0.1;
          for (int i = 0; i < values.length; i++) {
            boolean isVariance = tensor.endsWith("running_var");
            // as good as noise here, and cheap for millions
            int bits = (i + tensor.hashCode()) * 0x9e3779b9;
            values[i] = isVariance ? 1 : (float) (scale * (bits ^ (bits << 13)) / (1L << 30));
          }
          writer.add(tensor, shape.toArray(), values, ElementType.F32);
        });
    Path file = folder.resolve(name);
    writer.write(file);
    return file;
  }

  private static Map<String, Shape> shapes(Consumer<Parameters> network) {
    Parameters outline = Parameters.outlined();
    network.accept(outline);
    return new LinkedHashMap<>(outline.shapes());
  }

  /** torchvision's names of a backbone's convolutions, and one of its classifier. */
  private static Map<String, Shape> torchvision(LpipsBackbone backbone) {
    Map<String, Shape> theirs = new LinkedHashMap<>();
    shapes(p -> backbone.slices(p.at("net")))
        .forEach((name, shape) -> theirs.put("features." + name.split("\\.", 3)[2], shape));
    theirs.put("classifier.6.weight", Shape.of(10, 4));
    return theirs;
  }

  private static Tensor noise(long seed, int size) {
    return Tensor.of(CPU, Shape.of(1, size, size, 3), new TorchRandom(seed).randn(size * size * 3))
        .clamp(-1, 1);
  }

  @Test
  void distanceOfAPictureToItselfIsZeroAndToAnotherIsNot() throws IOException {
    for (LpipsBackbone backbone : List.of(LpipsBackbone.ALEX, LpipsBackbone.SQUEEZE)) {
      String net = backbone.name().toLowerCase(Locale.ROOT);
      Path classifier = write(net, torchvision(backbone));
      Lpips lpips = Lpips.open(CPU, backbone, classifier, heads(net));
      Tensor x = noise(1, 48);
      assertArrayEquals(new float[] {0}, lpips.forward(x, x).value().toFloats());
      float other = lpips.forward(x, noise(2, 48)).value().toFloats()[0];
      assertTrue(other > 1e-3, net + " " + other);
    }
  }

  @Test
  void filesOfOtherNetworksAreRefusedWithAllDifferences() throws IOException {
    Path alex = write("alex", torchvision(LpipsBackbone.ALEX));
    refused(
        () -> Lpips.open(CPU, LpipsBackbone.VGG, alex, heads("vgg")),
        alex,
        "torchvision's VGG-16",
        "missing: features.2.weight",
        "features.0.weight [64, 3, 11, 11] instead of [64, 3, 3, 3]");
    refused(
        () -> Lpips.open(CPU, LpipsBackbone.ALEX, alex, heads("vgg")),
        heads("vgg"),
        "LPIPS' heads on AlexNet",
        "instead of [1, 192, 1, 1]");
    refused(
        () -> Lpips.open(CPU, LpipsBackbone.ALEX, heads("alex"), heads("alex")),
        heads("alex"),
        "missing: features.0.weight",
        "unexpected: lin0.model.1.weight");
    refused(() -> InceptionFid.open(CPU, alex), alex, "Inception v3");
    refused(() -> ClipCheckpoint.open(CPU, alex), alex, "OpenAI's CLIP", "visual.conv1.weight");
  }

  private interface Opening {
    void run() throws IOException;
  }

  private static void refused(Opening opening, Path file, String... parts) {
    FileFormatException e = assertThrows(FileFormatException.class, opening::run);
    assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
  }

  @Test
  void onlyTensorFlowsInceptionGivesFid() throws IOException {
    Map<String, Shape> shapes = shapes(InceptionFid::new);
    shapes.put("Conv2d_1a_3x3.bn.num_batches_tracked", Shape.of());
    shapes.put("AuxLogits.fc.bias", Shape.of(4));
    shapes.put("fc.weight", Shape.of(1008, 1));
    Path published = write("pt_inception.pth", shapes);
    assertEquals("FID", InceptionFid.distanceName(published));
    Tensor features = InceptionFid.open(CPU, published).features(noise(1, 40));
    assertEquals(Shape.of(1, 2048), features.shape());
    shapes.put("fc.weight", Shape.of(1000, 1));
    String other = InceptionFid.distanceName(write("inception_v3.pth", shapes));
    assertTrue(other.startsWith("Fréchet distance") && !other.equals("FID"), other);
  }

  @Test
  void clipIsReadWithItsSizes() throws IOException {
    ClipVisionConfig vision = new ClipVisionConfig(32, 16, 64, 2, 1, 24);
    ClipTextConfig text = new ClipTextConfig(20, 49408, 64, 1, 2, 24);
    Map<String, Shape> shapes =
        shapes(
            p -> {
              new ClipVision(p.at("visual"), vision);
              new ClipText(p, text);
            });
    shapes.put("logit_scale", Shape.of());
    shapes.put("input_resolution", Shape.of());
    Path file = write("clip.pt", shapes);
    ClipCheckpoint clip = ClipCheckpoint.open(CPU, file);
    assertEquals(vision, clip.config());
    assertEquals("ViT-64/16", clip.name());
    Tensor image = clip.embed(noise(1, 50));
    ClipTokenizer tokenizer =
        new ClipTokenizer(
            ClipVocabulary.read(TestFiles.reference("clip/bpe_simple_vocab_16e6.txt.gz")));
    Tensor caption = clip.embed("A photo depicts a chair", tokenizer);
    assertEquals(Shape.of(1, 24), image.shape());
    assertEquals(Shape.of(1, 24), caption.shape());
    double similarity = ClipScore.similarity(image.toFloats(), caption.toFloats());
    assertTrue(Math.abs(similarity) < 1, "cosine " + similarity);
    shapes.put("visual.layer1.0.conv1.weight", Shape.of(1));
    Path resnet = write("resnet.pt", shapes);
    refused(() -> ClipCheckpoint.open(CPU, resnet), resnet, "ResNet");
  }
}
