package dev.azimuth.views;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The files that a mesh refers to: materials and textures beside it. */
interface AssetFiles {
  /** No larger file is read. */
  long MAX_BYTES = 1L << 27;

  /**
   * The bytes of a file, or null if there is none of that name.
   *
   * @param reference as the mesh file spells it, slashes or back slashes, relative to the mesh
   */
  byte @Nullable [] find(String reference) throws IOException;

  /** Files in the folder of a mesh; only regular files are opened. */
  static AssetFiles beside(Path mesh) {
    return reference -> {
      String clean = reference.replace('\\', '/');
      String last = clean.substring(clean.lastIndexOf('/') + 1);
      for (String name : new String[] {clean, last}) {
        try {
          Path file = mesh.resolveSibling(name);
          if (!name.isEmpty() && Files.isRegularFile(file)) {
            return FileBytes.read(file, MAX_BYTES);
          }
        } catch (InvalidPathException e) {
          return null; // a name that no file can have
        }
      }
      return null;
    };
  }
}
