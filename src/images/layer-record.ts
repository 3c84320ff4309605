import { type Descriptor, descriptorJson, parseDescriptor } from '../formats/descriptor.ts';
import { asDiffId, type ChainId, type DiffId, parseDigest } from '../formats/digest.ts';
import { jsonObject, jsonSize, jsonString } from '../formats/json.ts';
import type { Bucket } from '../store/bucket.ts';

/** A layer that lies unpacked on top of those below it, in the committed snapshot whose key is the chain ID. */
export interface LayerRecord {
  readonly chainId: ChainId;
  readonly diffId: DiffId;
  /** Absent for a bottom layer. */
  readonly parent?: ChainId;
  /** Bytes of the unpacked files. */
  readonly size: number;
  /** The blob it was unpacked from: the layer's tar, perhaps compressed. */
  readonly blob: Descriptor;
}

/** `layers`: chain ID → {@link LayerRecord}. */
export const LAYERS: Bucket<ChainId, LayerRecord> = { name: 'layers', parse, encode };

function encode({ chainId: _, ...layer }: LayerRecord): unknown {
  return { ...layer, blob: descriptorJson(layer.blob) };
}

function parse(value: unknown, chainId: ChainId): LayerRecord {
  const json = jsonObject(value, 'layer');
  const parent = json['parent'];
  return {
    chainId,
    diffId: asDiffId(parseDigest(jsonString(json['diffId'], 'diffId'), 'diffId')),
    ...(parent !== undefined && { parent: storedChainId(jsonString(parent, 'parent'), 'parent') }),
    size: jsonSize(json['size'], 'size'),
    blob: parseDescriptor(json['blob'], 'blob'),
  };
}

/** A chain ID as it stands in a record. */
function storedChainId(text: string, what: string): ChainId {
  return parseDigest(text, what) as unknown as ChainId;
}
