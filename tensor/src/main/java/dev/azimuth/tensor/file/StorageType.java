package dev.azimuth.tensor.file;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How PyTorch stores one number: the class of a storage, {@code torch.FloatStorage}, or the name of
 * a type, {@code torch.float32}. Source: {@code torch/storage.py} and {@code torch/_utils.py}.
 */
enum StorageType {
  FLOAT64("DoubleStorage", ElementType.F64),
  FLOAT32("FloatStorage", ElementType.F32),
  FLOAT16("HalfStorage", ElementType.F16),
  BFLOAT16("BFloat16Storage", ElementType.BF16),
  INT64("LongStorage", ElementType.I64),
  INT32("IntStorage", ElementType.I32),
  INT16("ShortStorage", ElementType.I16),
  INT8("CharStorage", ElementType.I8),
  UINT8("ByteStorage", ElementType.U8),
  BOOL("BoolStorage", ElementType.BOOL),
  UINT64(null, ElementType.U64),
  UINT32(null, ElementType.U32),
  UINT16(null, ElementType.U16),
  COMPLEX128("ComplexDoubleStorage", 16),
  COMPLEX64("ComplexFloatStorage", 8),
  QINT32("QInt32Storage", 4),
  QINT8("QInt8Storage", 1),
  QUINT8("QUInt8Storage", 1),
  QUINT4X2("QUInt4x2Storage", 1),
  QUINT2X4("QUInt2x4Storage", 1),
  FLOAT8_E4M3FN(null, 1),
  FLOAT8_E4M3FNUZ(null, 1),
  FLOAT8_E5M2(null, 1),
  FLOAT8_E5M2FNUZ(null, 1),
  UNTYPED("UntypedStorage", 1);

  private final @Nullable String storageClass;
  private final @Nullable ElementType element;
  private final int bytes;

  StorageType(@Nullable String storageClass, ElementType element) {
    this.storageClass = storageClass;
    this.element = element;
    this.bytes = element.bytes();
  }

  StorageType(@Nullable String storageClass, int bytes) {
    this.storageClass = storageClass;
    this.element = null;
    this.bytes = bytes;
  }

  /** The type whose values are read the same; null if they are not read at all. */
  @Nullable ElementType element() {
    return element;
  }

  /** The size of one number in bytes. */
  int bytes() {
    return bytes;
  }

  /** The name of the class of its storages in {@code torch}; null if it has none of its own. */
  @Nullable String storageClass() {
    return storageClass;
  }

  /** The name of the type in {@code torch}. */
  String dtype() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The type of a storage of that class, which may be a CUDA one; null if it is unknown. */
  static @Nullable StorageType ofStorage(Pickled.Global global) {
    boolean torch =
        switch (global.module()) {
          case "torch", "torch.cuda", "torch.storage" -> true;
          default -> false;
        };
    return torch ? find(type -> global.name().equals(type.storageClass)) : null;
  }

  /** The type of that name; null if it is unknown. */
  static @Nullable StorageType ofDtype(Pickled.Global global) {
    return global.module().equals("torch")
        ? find(type -> type != UNTYPED && global.name().equals(type.dtype()))
        : null;
  }

  /** The type that holds such values; null if PyTorch has no storage for them. */
  static @Nullable StorageType of(ElementType element) {
    return find(type -> type.storageClass != null && type.element == element);
  }

  private static @Nullable StorageType find(Predicate<StorageType> wanted) {
    return Arrays.stream(values()).filter(wanted).findFirst().orElse(null);
  }
}
