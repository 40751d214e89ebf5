export { connect } from 'ringback';
