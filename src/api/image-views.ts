import type { ImageDetails } from '../engine/images-inspect.ts';
import type { ImageListing } from '../engine/images-list.ts';
import type { Removed } from '../engine/images-remove.ts';
import { descriptorJson } from '../formats/descriptor.ts';
import { familiarString } from '../formats/reference.ts';
import type { HistoryItem } from '../images/history.ts';
import type * as types from '../wire/types-image.ts';
import { encodeConfig } from './container-codec.ts';
import type { ApiVersion } from './versions.ts';

/** One line of `images`. */
export function imageSummary(listing: ImageListing, version: ApiVersion): unknown {
  const { record } = listing;
  const tags = listing.tags.map(familiarString);
  const digests = listing.digests.map(familiarString);
  const untagged = tags.length === 0;
  return {
    Containers: listing.containers,
    Created: secondsOf(record.createdAt),
    Id: record.id,
    Labels: Object.keys(record.labels).length > 0 ? record.labels : null,
    ParentId: record.parent ?? '',
    RepoDigests: digests.length === 0 && untagged && version < 43 ? ['<none>@<none>'] : digests,
    RepoTags: untagged && version < 43 ? ['<none>:<none>'] : tags,
    SharedSize: listing.sharedSize ?? -1,
    Size: record.size,
    ...(version < 44 && { VirtualSize: record.size }),
  };
}

function secondsOf(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}

/** `GET /images/NAME/json`. */
export function imageInspect(details: ImageDetails, driver: string, version: ApiVersion): unknown {
  const { record, config } = details;
  const [upper, ...lower] = details.lowerDirs;
  return {
    Id: record.id,
    RepoTags: details.tags.map(familiarString),
    RepoDigests: details.digests.map(familiarString),
    Parent: record.parent ?? '',
    Comment: details.comment,
    ...(config.createdAt !== undefined && { Created: config.createdAt }),
    DockerVersion: config.dockerVersion,
    Author: config.author,
    Config: encodeConfig(config.defaults),
    Architecture: config.platform.architecture,
    ...(config.platform.variant !== undefined && { Variant: config.platform.variant }),
    Os: config.platform.os,
    ...(config.platform.osVersion !== undefined && { OsVersion: config.platform.osVersion }),
    Size: record.size,
    ...(version < 44 && { VirtualSize: record.size }),
    GraphDriver: {
      Data: {
        ...(lower.length > 0 && { LowerDir: lower.join(':') }),
        ...(upper !== undefined && { UpperDir: upper }),
      },
      Name: driver,
    },
    RootFS: { Type: 'layers', ...(config.diffIds.length > 0 && { Layers: config.diffIds }) },
    Metadata: { LastTagTime: details.lastTaggedAt ?? '0001-01-01T00:00:00Z' },
    ...(version >= 48 && details.target && { Descriptor: descriptorJson(details.target) }),
  };
}

export function historyItem(item: HistoryItem): types.ImageHistoryItem {
  return {
    Comment: item.comment,
    Created: secondsOf(item.createdAt),
    CreatedBy: item.createdBy,
    Id: item.id ?? '<missing>',
    Size: item.size,
    Tags: item.tags.length > 0 ? item.tags.map(familiarString) : null,
  };
}

export function removedItem(removed: Removed): types.ImageDeleteItem {
  switch (removed.kind) {
    case 'untagged':
      return { Untagged: removed.name };
    case 'deleted':
      return { Deleted: removed.digest };
  }
}
