package dev.azimuth.diffusion.training;

import dev.azimuth.diffusion.ClipPreprocess;
import dev.azimuth.diffusion.ClipVision;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * CLIP's symmetric contrastive loss (Radford et al. 2021, figure 3) between two views of the same
 * object where CLIP has a picture and its caption: the embedding comes to tell objects apart from
 * any side.
 */
record ContrastiveObjective(
    ClipVision clip,
    ClipPreprocess preprocess,
    Batches batches,
    TrainingViews views,
    int batchSize,
    double temperature)
    implements Objective {

  @Override
  public Tensor loss(TorchRandom random) {
    int[] objects = random.randperm(views.objects());
    int count = Math.min(batchSize, objects.length);
    List<Batches.View> batch = new ArrayList<>();
    List<Batches.View> others = new ArrayList<>();
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      int[] order = random.randperm(views.views(objects[i]));
      batch.add(new Batches.View(objects[i], order[0], false));
      others.add(new Batches.View(objects[i], order[order.length - 1], false));
      labels[i] = i;
    }
    batch.addAll(others);
    Tensor embedding = normalized(clip.forward(preprocess.forward(batches.images(batch))));
    Tensor a = embedding.slice(0, 0, count);
    Tensor b = embedding.slice(0, count, 2 * count);
    Tensor similarity = a.matmul(b, false, true).mul(1 / temperature);
    Tensor forward = similarity.crossEntropy(labels);
    Tensor backward = similarity.transpose(0, 1).crossEntropy(labels);
    return forward.add(backward).mul(0.5);
  }

  private static Tensor normalized(Tensor x) {
    Tensor length = x.square().sum(1).add(1e-12).sqrt().reshape(x.shape().dim(0), 1);
    return x.div(length);
  }
}
