package dev.azimuth.app;

import dev.azimuth.diffusion.checkpoint.ClipCheckpoint;
import dev.azimuth.diffusion.text.ClipTokenizer;
import dev.azimuth.diffusion.text.ClipVocabulary;
import dev.azimuth.metrics.ClipScore;
import dev.azimuth.metrics.InceptionFid;
import dev.azimuth.metrics.Lpips;
import dev.azimuth.metrics.LpipsBackbone;
import dev.azimuth.metrics.Psnr;
import dev.azimuth.metrics.Ssim;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.views.ViewDataset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The published networks that a user brings to measure with; without them our own encoder. */
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class MeasureOptions {
  /** What the paper of CLIP score puts before a caption. */
  private static final String PREFIX = "A photo depicts ";

  private static final int REFERENCE_PSNR = 800;
  private static final int REFERENCE_NETWORK = 224;

  @Option(
      names = "--lpips-backbone",
      paramLabel = "F.pth",
      description = "torchvision's AlexNet (or --lpips-net) for LPIPS; with --lpips-heads.")
  private @Nullable Path backbone;

  @Option(
      names = "--lpips-heads",
      paramLabel = "F.pth",
      description = "LPIPS' linear heads v0.1 (alex.pth).")
  private @Nullable Path heads;

  @Option(
      names = "--lpips-net",
      defaultValue = "alex",
      paramLabel = "alex|vgg|squeeze",
      description = "Which network the LPIPS files are of (default: ${DEFAULT-VALUE}).")
  private LpipsBackbone net;

  @Option(
      names = "--inception",
      paramLabel = "F.pth",
      description = "pt_inception-2015-12-05-6726825d.pth, for FID.")
  private @Nullable Path inception;

  @Option(
      names = "--clip",
      paramLabel = "F.pt",
      description = "OpenAI's ViT-B-32.pt (or another ViT), for CLIP similarity and score.")
  private @Nullable Path clip;

  @Option(
      names = "--vocabulary",
      paramLabel = "F",
      description = "CLIP's bpe_simple_vocab_16e6.txt.gz, for CLIP score of the objects' names.")
  private @Nullable Path vocabulary;

  @Option(
      names = "--encoder",
      paramLabel = "M",
      description =
          "The model whose image encoder measures where no published network is given (default:"
              + " the bundled models/mini).")
  private Path encoder = ModelOptions.bundled();

  /**
   * What is measured.
   *
   * @param pairwise of single pictures
   * @param distance of all guesses' features to all targets'
   */
  record Measures(List<Measure> pairwise, Distance distance) {}

  /** The Fréchet distance between sets of pictures by these features, each [D]. */
  record Distance(String name, Features features) {}

  /** Features of a picture [size, size, 3] in [-1, 1]. */
  @FunctionalInterface
  interface Features {
    /** The features [D]. */
    float[] of(float[] picture);
  }

  /**
   * Opens what was given.
   *
   * @param captions each object's name
   * @throws IOException naming a file that isn't what it should be
   */
  Measures open(
      Backend backend, EvaluationProtocol protocol, int size, Map<String, String> captions)
      throws IOException {
    if ((backbone == null) != (heads == null)) {
      throw new IllegalArgumentException(
          backbone == null
              ? "--lpips-heads: needs --lpips-backbone, the network below the heads"
              : "--lpips-backbone: needs --lpips-heads, the weights on its features");
    }
    if (vocabulary != null && clip == null) {
      throw new IllegalArgumentException("--vocabulary: needs --clip, whose texts it is for");
    }
    boolean isReference = protocol == EvaluationProtocol.REFERENCE_VIEW;
    List<Measure> measures = new ArrayList<>();
    measures.add(psnr(protocol));
    if (!isReference) {
      Ssim ssim = protocol.ssim();
      measures.add(
          new Measure(
              "SSIM",
              "",
              true,
              (guess, pair) ->
                  ssim.of(protocol.pixels(guess), protocol.pixels(pair.target()), size, size, 3)));
    }
    if (backbone != null && heads != null) {
      measures.add(lpips(Lpips.open(backend, net, backbone, heads), backend, protocol));
    }
    UnaryOperator<Tensor> embedding;
    String embedder;
    if (clip != null) {
      ClipCheckpoint model = ClipCheckpoint.open(backend, clip);
      embedding = model::embed;
      embedder = "CLIP similarity, " + model.name();
      addScore(measures, model, backend, captions);
    } else {
      embedding = OwnEncoder.open(backend, encoder)::embed;
      embedder = "similarity by the encoder of " + encoder.getFileName();
    }
    Features features = cached(features(embedding, backend, protocol));
    measures.add(
        new Measure(
            embedder,
            "",
            true,
            (guess, pair) ->
                ClipScore.similarity(
                    features.of(guess),
                    features.of(isReference ? pair.condition() : pair.target()))));
    return new Measures(List.copyOf(measures), distance(backend, features));
  }

  private static Measure psnr(EvaluationProtocol protocol) {
    return new Measure(
        "PSNR",
        "dB",
        true,
        (guess, pair) -> {
          float[] a = protocol.pixels(guess);
          float[] b = protocol.pixels(pair.target());
          if (protocol != EvaluationProtocol.REFERENCE_VIEW) {
            return Psnr.of(a, b, protocol.range());
          }
          return pair.isReference()
              ? Psnr.of(
                  EvaluationProtocol.resized(a, REFERENCE_PSNR),
                  EvaluationProtocol.resized(b, REFERENCE_PSNR),
                  protocol.range())
              : Double.NaN;
        });
  }

  private Measure lpips(Lpips lpips, Backend backend, EvaluationProtocol protocol) {
    return new Measure(
        "LPIPS, " + net,
        "",
        false,
        (guess, pair) -> {
          if (protocol == EvaluationProtocol.REFERENCE_VIEW && !pair.isReference()) {
            return Double.NaN;
          }
          Tensor a = picture(backend, compared(guess, protocol));
          Tensor b = picture(backend, compared(pair.target(), protocol));
          return lpips.forward(a, b).value().toFloats()[0];
        });
  }

  private void addScore(
      List<Measure> measures, ClipCheckpoint model, Backend backend, Map<String, String> captions)
      throws IOException {
    if (vocabulary == null) {
      return;
    }
    ClipTokenizer tokenizer = new ClipTokenizer(ClipVocabulary.read(vocabulary));
    Map<String, float[]> texts = new HashMap<>();
    captions.forEach(
        (uid, name) -> texts.put(uid, model.embed(PREFIX + name, tokenizer).toFloats()));
    measures.add(
        new Measure(
            "CLIP score, " + model.name(),
            "",
            true,
            (guess, pair) -> {
              float[] text = texts.get(pair.uid());
              return text == null
                  ? Double.NaN
                  : ClipScore.PUBLISHED.of(model.embed(picture(backend, guess)).toFloats(), text);
            }));
  }

  private Distance distance(Backend backend, Features own) throws IOException {
    if (inception == null) {
      String by = clip == null ? "the encoder of " + encoder.getFileName() : "CLIP embeddings";
      return new Distance("Fréchet distance by " + by, own);
    }
    InceptionFid network = InceptionFid.open(backend, inception);
    return new Distance(
        InceptionFid.distanceName(inception),
        cached(picture -> network.features(picture(backend, picture)).toFloats()));
  }

  private static Features features(
      UnaryOperator<Tensor> embedding, Backend backend, EvaluationProtocol protocol) {
    return picture -> embedding.apply(picture(backend, compared(picture, protocol))).toFloats();
  }

  /** Features are asked for once for each array that is handed around. */
  private static Features cached(Features features) {
    Map<float[], float[]> known = new IdentityHashMap<>();
    return picture -> known.computeIfAbsent(picture, features::of);
  }

  /** A picture in [-1, 1] as a network is shown it under a protocol. */
  private static float[] compared(float[] signed, EvaluationProtocol protocol) {
    if (protocol == EvaluationProtocol.AZIMUTH) {
      return signed;
    }
    float[] bytes = protocol.pixels(signed);
    float[] sized =
        protocol == EvaluationProtocol.REFERENCE_VIEW
            ? EvaluationProtocol.resized(bytes, REFERENCE_NETWORK)
            : bytes;
    float[] rounded = new float[sized.length];
    for (int i = 0; i < rounded.length; i++) {
      rounded[i] = sized[i] / 127.5f - 1;
    }
    return rounded;
  }

  private static Tensor picture(Backend backend, float[] signed) {
    int size = (int) Math.round(Math.sqrt(signed.length / 3.0));
    return Tensor.of(backend, Shape.of(1, size, size, 3), signed);
  }

  /** Each object's name, for those that have one. */
  static Map<String, String> captions(ViewDataset dataset, List<String> uids) {
    Map<String, String> captions = new HashMap<>();
    for (String uid : uids) {
      try {
        captions.put(uid, dataset.info(uid).name());
      } catch (IOException _) {
        // data sets from elsewhere have no names, and then there is no score
      }
    }
    return captions;
  }
}
