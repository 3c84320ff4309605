import { randomInt } from 'node:crypto';
import { EngineError } from '../base/errors.ts';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Checks a name as typed and drops its leading slash. Throws `invalid` with Docker's text. */
export function parseName(text: string): string {
  const name = text.startsWith('/') ? text.slice(1) : text;
  if (!NAME.test(name)) {
    throw new EngineError(
      'invalid',
      `Invalid container name (${text}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  }
  return name;
}

/** Docker's text for a name that is taken. */
export function nameTaken(name: string, owner: string): EngineError {
  return new EngineError(
    'conflict',
    `Conflict. The container name "/${name}" is already in use by container "${owner}". You have to remove (or rename) that container to be able to reuse that name.`,
  );
}

const QUALITIES = (
  'agile airy amber ample apt autumn balmy bold breezy brisk bronze calm candid cedar cheery chilly civil clever coastal ' +
  'copper coral cosy crimson crisp curious dapper deft distant dusky dusty eager early earnest easy ebony even fair fleet ' +
  'floral fluent fond frosty gentle gilded glassy golden grand hardy hazel hearty hidden honest humble icy indigo inland ' +
  'ivory jade jolly keen kind lasting late lilac lively lofty loyal lucid lunar mellow merry mild misty modest mossy neat ' +
  'nimble noble northern olive open opal pale patient pearly plain polar polite prime proud quick quiet rapid ready rosy ' +
  'ruby rural rustic sandy scarlet serene sharp silent silver sleek snowy solar solid southern spare steady stellar still ' +
  'stoic sturdy subtle summer sunny sure swift tall teal tender tidal tidy topaz tranquil true upland valiant velvet vivid ' +
  'warm western wild windy winter wise witty wooden young zesty'
).split(' ');

const THINGS = (
  'anchor anvil arch astrolabe awning axle badger barge barrel basin beacon beaver bellows birch bittern boulder bridge ' +
  'brook buoy cable canal capstan caravan chisel cistern cleat clipper cobalt compass condor cove crane crate creek crow ' +
  'current cypress davit delta derrick dinghy dock dory dune eddy egret estuary falcon fathom ferry finch fjord flint ' +
  'forge gable gantry geyser girder glacier granite grotto gull halyard hammer harbour harness hawser heron hinge hoist ' +
  'horizon hull island jetty juniper kayak keel kestrel kiln ladder lagoon lantern larch lathe ledger lever lichen lock ' +
  'loom magnet mallet marlin marsh mast meadow mole moor mooring oak oar orchard osprey otter oxbow paddle pallet pebble ' +
  'pelican petrel pier pike pilot pine piston piton plank plover pontoon pulley quarry quay quoin raft reef ridge rigging ' +
  'rivet robin rudder sail sampan sandbar schooner sextant shackle shoal shuttle skiff sleeper sluice sparrow spindle ' +
  'spruce stork strait swallow tackle tern thicket thimble tide tiller timber torch trestle trough tug tundra valley ' +
  'vessel walrus warehouse wedge wharf wheel willow winch windlass wren yard yawl'
).split(' ');

/** `quiet_windlass`; from the sixth attempt on with a number behind it, so that a crowded host finds a free one. */
export function randomName(attempt: number): string {
  const pick = (words: readonly string[]): string => words[randomInt(words.length)] ?? '';
  const name = `${pick(QUALITIES)}_${pick(THINGS)}`;
  return attempt < 5 ? name : `${name}${randomInt(10 ** Math.min(attempt - 3, 9))}`;
}
